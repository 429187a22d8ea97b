// Package truth is the account that a gateway keeps of its own deliveries:
// how many there should have been, what became of each, and how long after its
// stamp each was written. It counts where the write happens, so a load
// generator's ledger can be checked against it.
//
// A delivery is one broadcast reaching one listener. Every delivery of an
// audience ends as exactly one of delivered, dropped, deaf, gone or failed;
// one that has not ended yet is pending.
package truth

import (
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Tally is one gateway's account. Its methods may be called from several
// goroutines at once.
type Tally struct {
	current atomic.Pointer[epoch]
	opened  atomic.Uint64
}

// New returns a Tally that has counted nothing.
func New() *Tally {
	t := &Tally{}
	t.current.Store(newEpoch(0))
	return t
}

// Forget starts a new epoch, with every count at zero. Deliveries still pending
// end in the epoch that is forgotten, so the new one is consistent in itself.
func (t *Tally) Forget() {
	for {
		old := t.current.Load()
		if t.current.CompareAndSwap(old, newEpoch(old.number+1)) {
			return
		}
	}
}

// Open begins the account of a broadcast that is about to be sent to an audience
// of that many listeners. Its stamp is found in data. Broadcasts with the same
// stamp share one account; a broadcast without a stamp is in the totals only. What holds a
// control token and no stamp is no broadcast, and counted apart.
func (t *Tally) Open(data []byte, audience int) *Broadcast {
	found, _, _, ok := stamp.Find(data)
	e := t.current.Load()
	if !ok && isControl(data) {
		e.controls.Add(1)
		b := &Broadcast{Number: t.opened.Add(1), Control: true, epoch: e}
		b.count(audienceOf, int64(audience))
		return b
	}
	b, first := e.open(found, ok, t.opened.Add(1))
	b.count(audienceOf, int64(audience))
	// After the audience, so that a reader that sees the broadcast counted sees
	// its audience counted as well.
	switch {
	case !ok:
		e.unstamped.Add(1)
	case first:
		e.stamped.Add(1)
	}
	return b
}

// isControl reports whether data holds a control token.
func isControl(data []byte) bool {
	token, _, _, ok := stamp.Next(data)
	return ok && token.Control != nil
}

// Broadcast is the account of one broadcast, or of one message with a control token.
type Broadcast struct {
	Number  uint64 // its place among all broadcasts of this gateway, from 1
	Stamp   stamp.Stamp
	Stamped bool
	Control bool

	epoch    *epoch
	counters counters
	delay    *histogram.Histogram
	of       *Broadcast // in the account of an echo, the broadcast it is an echo of
}

// Echo returns the account of the copy that goes back to the broadcast's sender.
// What it counts is counted for the broadcast too, and as an echo besides,
// because a sender may not regard itself as a listener.
func (b *Broadcast) Echo() *Broadcast {
	if b.Control {
		return b // it is no broadcast, so nobody expects it to come or not to
	}
	b.epoch.echoes[audienceOf].Add(1)
	return &Broadcast{Number: b.Number, Stamp: b.Stamp, Stamped: b.Stamped, epoch: b.epoch, of: b}
}

// Delivered counts a first copy that was written. It is reordered if a later
// broadcast of the same origin was written to the connection before it. The
// delays are those of listeners, so an echo's is left out.
func (b *Broadcast) Delivered(reordered bool) {
	if b.Stamped && b.of == nil {
		delay := time.Since(b.Stamp.Sent)
		b.delay.Add(delay)
		b.epoch.delay.Add(delay)
	}
	b.count(delivered, 1)
	if reordered {
		b.count(reorderedOf, 1)
	}
}

// Duplicated counts a further copy that was written.
func (b *Broadcast) Duplicated() { b.count(duplicated, 1) }

// Gone counts a delivery whose connection had left before it could be written.
func (b *Broadcast) Gone() { b.count(gone, 1) }

// Failed counts a delivery whose write failed.
func (b *Broadcast) Failed() { b.count(failed, 1) }

// Dropped counts a delivery that was withheld from a connection by a fault.
func (b *Broadcast) Dropped(from *Withheld) { b.withhold(dropped, from) }

// Deaf counts a delivery that was withheld from a connection because it is deaf.
func (b *Broadcast) Deaf(from *Withheld) { b.withhold(deaf, from) }

// withhold counts a delivery that was withheld: for its connection first, so that whoever sees
// that it isn't pending any more sees why.
func (b *Broadcast) withhold(what field, from *Withheld) {
	if !b.Control {
		from.add(b.epoch.number)
	}
	b.count(what, 1)
}

func (b *Broadcast) count(what field, n int64) {
	if b.Control {
		b.epoch.control[what].Add(n)
		return
	}
	if b.of != nil {
		b.epoch.echoes[what].Add(n)
		b = b.of
	}
	b.epoch.all[what].Add(n)
	if b.Stamped {
		b.counters[what].Add(n)
	}
}
