package publish

import (
	"context"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Broadcaster sends stamped messages in a dialect's own way until it is closed.
type Broadcaster interface {
	// Send sends one broadcast with this stamp in it. Its error is a *FinalError if
	// nothing more can be sent.
	Send(ctx context.Context, stamp string) error
	// Ended is closed when nothing more can be sent; nil if only Send can tell.
	Ended() <-chan struct{}
	Close()
}

// BatchBroadcaster is a Broadcaster that can send several broadcasts in one request, and one
// request before the answer to another is there.
type BatchBroadcaster interface {
	Broadcaster
	// SendBatch sends one broadcast with each of these stamps, in one request. The channel
	// brings in any case, once it is known, what became of each: its error, or nil if it was
	// sent. What is sent by one goroutine is sent in order.
	SendBatch(ctx context.Context, stamps []string) <-chan []error
}

// Notifier is a BatchBroadcaster each of whose broadcasts is for one listener only.
type Notifier interface {
	BatchBroadcaster
	// Next chooses whom the next broadcast is for, which SendBatch then sends. Its error says
	// why there can be none any more.
	Next() (*ledger.Member, error)
}

// EchoBroadcaster is a Broadcaster that hears what it sends, as its audience does. Send only
// hands a message over to the gateway, and what comes back tells that the gateway has got to
// it.
type EchoBroadcaster interface {
	Broadcaster
	// Echoes brings the control tokens that come back.
	Echoes() <-chan stamp.Control
}

// FinalError says that nothing more can be sent: the connection is closed, the key is
// refused, the operation is invalid.
type FinalError struct{ Err error }

// Error implements error.
func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FinalError) Unwrap() error { return e.Err }
