package listen

import (
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Summary is what became of a Group's listeners: Opened = Ready + Failed + Unfinished.
type Summary struct {
	Opened     int64 // connections that were begun
	Ready      int64 // acknowledged by the gateway
	Failed     int64 // never became ready
	Unfinished int64 // were not ready when the test was interrupted
	Received   int64 // deliveries, first copies only
	Closed     int64 // connections that the gateway ended

	// Missing are the places of the listeners that the gateway or the network cut off, also
	// in earlier groups, and that nobody has taken; nil if there are none. See Plan.Replaces.
	Missing *ledger.Places
	// RanOut: no connection was left before the plan's end.
	RanOut bool
	Lasted time.Duration
}

// tally is an Observer that counts for the summary and passes everything on.
type tally struct {
	Observer
	opened, ready, failed, unfinished, received, closed atomic.Int64
}

func (t *tally) read() Summary {
	return Summary{
		Opened: t.opened.Load(), Ready: t.ready.Load(), Failed: t.failed.Load(), Unfinished: t.unfinished.Load(),
		Received: t.received.Load(), Closed: t.closed.Load(),
	}
}

// Begun implements Observer.
func (t *tally) Begun() {
	t.opened.Add(1)
	t.Observer.Begun()
}

// Failed implements Observer.
func (t *tally) Failed(err *wire.DialError) {
	t.failed.Add(1)
	t.Observer.Failed(err)
}

// Abandoned implements Observer.
func (t *tally) Abandoned() {
	t.unfinished.Add(1)
	t.Observer.Abandoned()
}

// Ready implements Observer.
func (t *tally) Ready(took time.Duration) {
	t.ready.Add(1)
	t.Observer.Ready(took)
}

// Delivered implements Observer.
func (t *tally) Delivered(d ledger.Delivery, lag time.Duration) {
	if !d.Duplicate {
		t.received.Add(1)
	}
	t.Observer.Delivered(d, lag)
}

// Closed implements Observer.
func (t *tally) Closed(end Closing) {
	if end.ByGateway {
		t.closed.Add(1)
	}
	t.Observer.Closed(end)
}
