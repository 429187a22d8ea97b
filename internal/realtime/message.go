// Package realtime is what AppSync's two protocols over WebSocket have in common, that of
// GraphQL subscriptions and that of Events: the envelope of a frame, the handshake and the
// subscriptions of a connection, errors, and where connections go.
package realtime

import (
	"strconv"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// Message is a frame's envelope. Every frame has a type; not every one has an id.
type Message struct {
	Type []byte
	ID   []byte
}

// ParseMessage finds a frame's type and id and reads no further than it must, so that a
// data frame's payload isn't read if it comes last. The type is nil if the frame isn't a
// JSON object or has none.
func ParseMessage(frame []byte) Message {
	var m Message
	members := jsonscan.Object(frame)
	for members.Next() {
		switch string(members.Key()) {
		case "type":
			m.Type = members.Text()
		case "id":
			m.ID = members.Text()
		}
		if m.Type != nil && m.ID != nil {
			return m
		}
	}
	if !members.Whole() {
		return Message{}
	}
	return m
}

// A connection_ack tells how long the server may be silent. If it tells nothing
// sensible, that is five minutes, the developer guide's value. No connection outlives
// a day.
const (
	defaultTimeout = 300_000 * time.Millisecond
	maxTimeout     = 24 * time.Hour
)

// Timeout returns the timeout of a connection_ack. GraphQL's protocol has it in the payload,
// Events' has it at the top level, and each is read in either.
//
// It walks the frame instead of decoding it; package jsonscan says why.
func Timeout(frame []byte) time.Duration {
	for _, object := range [...][]byte{memberOf(frame, "payload"), frame} {
		ms, err := strconv.ParseInt(string(memberOf(object, "connectionTimeoutMs")), 10, 64)
		if err == nil && ms > 0 && ms <= maxTimeout.Milliseconds() {
			return time.Duration(ms) * time.Millisecond
		}
	}
	return defaultTimeout
}

// memberOf returns an object's member as it is written, or nil.
func memberOf(object []byte, key string) []byte {
	for members := jsonscan.Object(object); members.Next(); {
		if string(members.Key()) == key {
			return members.Value()
		}
	}
	return nil
}
