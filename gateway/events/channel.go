package events

import (
	"regexp"
	"slices"
	"strings"
)

// A channel is 1 to 5 segments of letters, digits and dashes; the first is its namespace.
// A slash may begin and end it (event-api-concepts.html, "Channel").
const maxSegments = 5

var segment = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,48}[A-Za-z0-9])?$`)

// IsNamespace reports whether a namespace can have this name.
func IsNamespace(name string) bool { return segment.MatchString(name) }

// wildcard is the last segment of a subscription to all channels below the others.
const wildcard = "*"

// parseChannel returns a channel without its outer slashes, and its namespace. It reports
// whether text is one; only a subscription may have a wildcard.
func parseChannel(text string, mayBeWild bool) (channel, namespace string, ok bool) {
	channel = strings.TrimSuffix(strings.TrimPrefix(text, "/"), "/")
	segments := strings.Split(channel, "/")
	if len(segments) > maxSegments {
		return "", "", false
	}
	concrete := segments
	if last := len(segments) - 1; mayBeWild && last > 0 && segments[last] == wildcard {
		concrete = segments[:last]
	}
	if slices.ContainsFunc(concrete, func(s string) bool { return !segment.MatchString(s) }) {
		return "", "", false
	}
	return channel, segments[0], true
}

// covering returns everything that can be subscribed to in order to hear a channel:
// itself, and a wildcard in place of its last segment, its last two, and so on.
// Whether ns/* covers ns as well isn't documented; here it doesn't.
func covering(channel string) []string {
	names := []string{channel}
	for at := strings.LastIndexByte(channel, '/'); at >= 0; at = strings.LastIndexByte(channel[:at], '/') {
		names = append(names, channel[:at+1]+wildcard)
	}
	return names
}
