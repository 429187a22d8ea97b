// Package apigw is the dialect of applications on Amazon API Gateway WebSocket APIs:
// text out, text in, and the gateway's own error frames. The gateway has no handshake
// beyond that of WebSocket. An application may have one, which is given here as a list
// of steps.
package apigw

import (
	"bytes"
	"fmt"
	"time"
)

// Step is one request to the application and the reply that completes it.
type Step struct {
	// Send is the text to send; empty if the step only waits.
	Send string
	// Shown is what errors show in place of Send, where that may hold a secret; empty for
	// Send itself.
	Shown string
	// Expect, Contains and Pattern say by what the reply that completes the step is known:
	// by how it begins, by a text anywhere in it, or by a regular expression. At most one
	// is set. If none is, the step is complete as soon as its text is sent.
	Expect, Contains string
	Pattern          *Pattern
	// Timeout is how long the step may wait for its reply; zero for as long as the whole
	// handshake may take.
	Timeout time.Duration
	// Counter is the metric that counts the step when it is complete, or empty.
	Counter string
}

// TellsID reports whether the step's reply may tell the connection's id.
func (s *Step) TellsID() bool { return s.Pattern != nil && s.Pattern.idGroup >= 0 }

// waits reports whether the step has to wait for a reply.
func (s *Step) waits() bool { return s.Expect != "" || s.Contains != "" || s.Pattern != nil }

// match reports whether the frame is the reply that completes the step, and returns the
// connection's id if the reply tells it.
func (s *Step) match(frame []byte) (connectionID string, ok bool) {
	switch {
	case s.Pattern != nil:
		return s.Pattern.match(frame)
	case s.Contains != "":
		return "", bytes.Contains(frame, []byte(s.Contains))
	default:
		return "", bytes.HasPrefix(frame, []byte(s.Expect))
	}
}

// String says what the step does, in words that complete "step 1, which …".
func (s *Step) String() string {
	text := "waited"
	if s.Send != "" {
		shown := s.Shown
		if shown == "" {
			shown = quote(s.Send, maxSentShown)
		}
		text = fmt.Sprintf("sent %s and waited", shown)
	}
	if s.Timeout > 0 {
		text += fmt.Sprintf(" up to %s", s.Timeout)
	}
	return text + " for a text that " + s.expected()
}

// maxSentShown is how many bytes of what was sent an error shows, which may be a secret
// from somewhere on.
const maxSentShown = 60

// expected says which reply completes the step, in words that complete "a text that …".
func (s *Step) expected() string {
	switch {
	case s.Pattern != nil:
		return "matches " + quote(s.Pattern.expression.String(), maxShown)
	case s.Contains != "":
		return "contains " + quote(s.Contains, maxShown)
	default:
		return "begins with " + quote(s.Expect, maxShown)
	}
}

// ChatHandshake is the handshake of the chat application: the first text of a
// connection becomes its nickname, and then it joins a room, if there is one.
func ChatHandshake(nickname, room string) []Step {
	steps := []Step{{Send: nickname, Expect: "Using nick", Counter: "nickname_counter"}}
	if room != "" {
		steps = append(steps, JoinStep(room))
	}
	return steps
}

// JoinStep is how a connection to the chat application joins a room.
func JoinStep(room string) Step {
	return Step{Send: "/join " + room, Expect: "Joined chat", Counter: "joined_success_counter"}
}
