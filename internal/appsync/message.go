package appsync

import (
	"strconv"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// message is a frame's envelope. Every frame has a type; not every one has an id.
type message struct {
	kind []byte
	id   []byte
}

// parseMessage finds a frame's type and id and reads no further than it must, so that a
// data frame's payload isn't read if it comes last. The type is nil if the frame isn't a
// JSON object or has none.
func parseMessage(frame []byte) message {
	var m message
	members := jsonscan.Object(frame)
	for members.Next() {
		switch string(members.Key()) {
		case "type":
			m.kind = members.Text()
		case "id":
			m.id = members.Text()
		}
		if m.kind != nil && m.id != nil {
			return m
		}
	}
	if !members.Whole() {
		return message{}
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

// timeoutOf returns the timeout of a connection_ack. AppSync has it in the payload,
// AppSync Events, which some gateways follow, at the top level.
//
// It walks the frame instead of decoding it; package jsonscan says why.
func timeoutOf(frame []byte) time.Duration {
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
