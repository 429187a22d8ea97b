package events

import (
	"fmt"
	"regexp"
	"strings"
)

// maxSegments is how many segments a channel has at most (AppSync Events' developer guide,
// "Channel").
const maxSegments = 5

var segment = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,48}[A-Za-z0-9])?$`)

// CheckChannel returns what is wrong with a channel that is subscribed to. Its last segment
// may be a wildcard; the first is the namespace. Slashes may begin and end it.
func CheckChannel(channel string) error {
	segments := strings.Split(CanonicalChannel(channel), "/")
	if len(segments) > maxSegments {
		return fmt.Errorf("has more than %d segments", maxSegments)
	}
	for i, s := range segments {
		isWildcard := s == "*" && i > 0 && i == len(segments)-1
		if !isWildcard && !segment.MatchString(s) {
			return fmt.Errorf("has a segment %q: letters, digits and, inside, dashes are allowed, up to 50, and * as the last segment", s)
		}
	}
	return nil
}

// IsWildcard reports whether a channel stands for all below it.
func IsWildcard(channel string) bool { return strings.HasSuffix(CanonicalChannel(channel), "/*") }

// Covers reports whether who has subscribed to one channel, which may be a wildcard, hears
// what is published to another. Both are canonical. Whether a/* covers a isn't documented;
// here it doesn't.
func Covers(subscribed, channel string) bool {
	if !IsWildcard(subscribed) {
		return subscribed == channel
	}
	return strings.HasPrefix(channel, strings.TrimSuffix(subscribed, "*")) && !IsWildcard(channel)
}

// CanonicalChannel returns the one way to write a channel: two that are the same to AppSync
// have the same.
func CanonicalChannel(channel string) string {
	return strings.TrimSuffix(strings.TrimPrefix(channel, "/"), "/")
}
