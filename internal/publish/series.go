// Package publish sends broadcasts: a series of them at a pace, each with its stamp,
// and single requests over HTTP through k6's own stack.
package publish

import (
	"context"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

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
	announcer := newAnnouncer(&p.Test, series, b)
	announcer.open(ctx)
	s := sending{plan: p, series: series, broadcaster: b, announcer: announcer, failed: failed, pause: newPause()}
	s.run(ctx)
	settled, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		defer func() { _ = recover() }() // those who don't hear of the end know that
		announcer.close(ctx, settled)
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
