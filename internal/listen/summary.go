package listen

import (
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Summary is what became of a Group's listeners.
type Summary struct {
	Opened   int64 // WebSockets that were opened
	Ready    int64 // of these: acknowledged by the gateway
	Failed   int64 // attempts that never became ready
	Received int64 // deliveries, first copies only
	Closed   int64 // connections that the gateway ended
}

// tally is an Observer that counts for the summary and passes everything on.
type tally struct {
	Observer
	opened, ready, failed, received, closed atomic.Int64
}

func (t *tally) read() Summary {
	return Summary{
		Opened: t.opened.Load(), Ready: t.ready.Load(), Failed: t.failed.Load(),
		Received: t.received.Load(), Closed: t.closed.Load(),
	}
}

// Connected implements Observer.
func (t *tally) Connected(took time.Duration) {
	t.opened.Add(1)
	t.Observer.Connected(took)
}

// Failed implements Observer.
func (t *tally) Failed(err *wire.DialError) {
	t.failed.Add(1)
	t.Observer.Failed(err)
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
func (t *tally) Closed(code int, byGateway bool, lasted time.Duration) {
	if byGateway {
		t.closed.Add(1)
	}
	t.Observer.Closed(code, byGateway, lasted)
}
