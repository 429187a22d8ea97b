// Package dialect is the interface between a gateway's protocol over WebSocket and the
// owner of the socket: what a frame means and what to send. The protocols themselves
// are in packages apigw, appsync and events.
package dialect

import "time"

// Session is one connection's side of a dialect: a small state machine that gets every
// text frame and returns what it means and what to answer. It has no socket, no clock
// and no lock. Its owner must not call it from two goroutines at a time.
type Session interface {
	// Open is called first, once the WebSocket is open. The event's Answer is the first
	// frame to send. Its Kind is Ready if the dialect has no handshake, else Progress.
	Open() Event
	// Receive returns what one text frame means. It keeps no part of the frame.
	Receive(frame []byte) Event
	// Farewell returns the frames to send before the WebSocket is closed.
	Farewell() [][]byte
}

// Explainer is a Session that can say where its handshake stands.
type Explainer interface {
	// Explain returns the error that ends the handshake with what the handshake waited
	// for, or the error itself if the handshake is complete.
	Explain(err error) error
}

// Kind is what a frame means.
type Kind uint8

const (
	// Unknown is a frame that means nothing here. It is counted and ends nothing.
	Unknown Kind = iota
	// Progress is the completion of one step of the handshake, or of a later request.
	Progress
	// Ready is the completion of the handshake: broadcasts reach this listener.
	Ready
	// Data is a message that the gateway was asked to deliver, perhaps a broadcast.
	Data
	// KeepAlive is a sign of life of the gateway, and no more.
	KeepAlive
	// Failure is an error frame. The connection goes on.
	Failure
	// Refusal is an error frame that answers a step of the handshake, or a later
	// request: what was asked for will not happen.
	Refusal
	// Ended is the gateway's end of what became ready, for example of a subscription.
	Ended
)

// Event is the meaning of one frame.
type Event struct {
	Kind Kind
	// Request names the request that the frame is about, as the protocol does; empty if
	// there is none or the frame doesn't name it.
	Request string
	// Counter is the metric that counts this step, or empty.
	Counter string
	// Answer is the frame to send next, or nil. Many sessions may share it, so it
	// must not be changed.
	Answer []byte
	// Timeout, unless it is zero, is how long the gateway may be silent from now on
	// before the connection must be taken for dead.
	Timeout time.Duration
	// StepTimeout is how long the step of the handshake that begins now may take; zero for
	// as long as the whole handshake may take.
	StepTimeout time.Duration
	// ConnectionID is the gateway's name for the connection, if the frame tells it.
	ConnectionID string
	// Err is set for Failure and Refusal.
	Err *Error
	// Reply is what the answer to a request says besides, in a type of the dialect's own; nil
	// if it is no more than an answer.
	Reply any
	// Next is the next event of the same frame, or nil. One frame may mean several
	// things: an error may refuse several requests, and a step that waits for no reply
	// is complete as soon as its text, the Answer of the event before, is sent.
	Next *Event
}

// Error is the content of an error frame.
type Error struct {
	// Name is from a closed set, the dialect's ErrorNames, so that it can be a
	// metric's tag.
	Name string
	// Code is the gateway's number for the error, zero if it gave none.
	Code int
	// Message is the gateway's own text.
	Message string
	// Final reports that the same request would be refused again, however often it is
	// sent.
	Final bool
}

// Error implements error.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}
