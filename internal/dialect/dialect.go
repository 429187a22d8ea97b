// Package dialect holds the few words in which a gateway's protocol over
// WebSocket tells whoever owns the socket what a frame means. The protocols
// themselves are in packages apigw and appsync.
package dialect

import "time"

// Session is one connection's side of a dialect: a small state that is told of
// every text frame and says what it means and what to answer. It has no socket,
// no clock and no lock: its owner calls it from one goroutine at a time.
type Session interface {
	// Open is called first, once the WebSocket is open. The event's Answer is
	// the first frame to send, and it says what is true already: Ready, where
	// there is nothing to shake hands about, else Progress.
	Open() Event
	// Receive says what one text frame means. It keeps no part of the frame.
	Receive(frame []byte) Event
	// Farewell returns the frames to send before the WebSocket is closed.
	Farewell() [][]byte
}

// Kind is what a frame means.
type Kind uint8

const (
	// Unknown is a frame that means nothing here. It is counted and ends nothing.
	Unknown Kind = iota
	// Progress is one step of the handshake, or of a later request, done.
	Progress
	// Ready is the last step of the handshake done: broadcasts reach this listener.
	Ready
	// Data is what the gateway was asked to deliver, perhaps a broadcast.
	Data
	// KeepAlive says that the gateway is there, and no more.
	KeepAlive
	// Failure is an error frame. The connection goes on.
	Failure
	// Refusal is an error frame that answers a step of the handshake, or a later
	// request: what was asked for will not come.
	Refusal
	// Ended says that the gateway ended what Ready had begun.
	Ended
)

// Event is the meaning of one frame.
type Event struct {
	Kind Kind
	// Request names the request that the frame is about, in the protocol's own
	// words; empty where there is none or the frame doesn't say.
	Request string
	// Counter is the metric that counts this step, or empty.
	Counter string
	// Answer is the frame to send next, or nil. It may be shared by many
	// sessions: whoever sends it only reads it.
	Answer []byte
	// Timeout, where it isn't zero, is how long the gateway may be silent from
	// now on before it must be taken for dead.
	Timeout time.Duration
	// Err is set for Failure and Refusal.
	Err *Error
	// Next is what is true besides, or nil. One frame may mean several things:
	// an error may refuse several requests, and a step that waits for no reply
	// is done as soon as its frame, the Answer before it, is sent.
	Next *Event
}

// Error is what an error frame says.
type Error struct {
	// Name is from a closed set, so that it can be a metric's tag: see each
	// dialect's list.
	Name string
	// Code is the gateway's number for the error, zero where it gave none.
	Code int
	// Message is the gateway's own text.
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}
