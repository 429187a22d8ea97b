// Package publish sends broadcasts: a series of them at a pace, each with its stamp,
// and single requests over HTTP through k6's own stack.
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

// Plan is how a series of broadcasts is sent.
type Plan struct {
	Count int
	// Until ends the sending when it is closed, however many have been sent; nil for never.
	Until <-chan struct{}
	// Rate is how many are sent each second; zero for one right after another.
	Rate float64
	// Batch is how many are sent in one request, zero for one, and InFlight how many requests
	// may await their answers at a time if there is a rate, zero for one. More than one takes
	// a BatchBroadcaster. The broadcasts of a batch are due together.
	Batch, InFlight int
	// Test is whose other processes are told of the series, if it is distributed.
	Test ledger.Run
}

// Run sends the series and waits until it can be closed. It sends no more once that can't
// succeed any longer. Failed is called for each broadcast that could not be sent. In a
// distributed test it tells the others, see announcer.
func (p *Plan) Run(ctx context.Context, series *ledger.Series, b Broadcaster, failed func(error)) {
	tell := newAnnouncer(&p.Test, series, b)
	tell.open(ctx)
	s := sending{plan: p, series: series, broadcaster: b, tell: tell, failed: failed, pause: newPause()}
	s.run(ctx)
	settled, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		defer func() { _ = recover() }() // those who don't hear of the end know that
		tell.close(ctx, settled)
	}()
	series.Settle(ctx)
	close(settled)
	<-told
}

// isOver reports whether no more are to be sent, however many are planned.
func (p *Plan) isOver() bool {
	select {
	case <-p.Until:
		return true
	default:
		return false
	}
}
