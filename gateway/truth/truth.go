// Package truth is the account that a gateway keeps of its own deliveries:
// how many there should have been, what became of each, and how long after its
// stamp each was written. It counts where the write happens, so it is what a
// load generator's ledger can be held against.
//
// A delivery is one broadcast reaching one listener. Every delivery of an
// audience ends as exactly one of delivered, dropped, deaf, gone or failed;
// what has not ended yet is pending.
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
	current atomic.Pointer[book]
	opened  atomic.Uint64
}

// New returns an Account that has counted nothing.
func New() *Tally {
	a := &Tally{}
	a.current.Store(newBook(0))
	return a
}

// Forget starts anew. Deliveries still pending end in the account that is
// forgotten, so the new one stays consistent in itself.
func (a *Tally) Forget() {
	for {
		old := a.current.Load()
		if a.current.CompareAndSwap(old, newBook(old.number+1)) {
			return
		}
	}
}

// Open begins the account of a broadcast that is about to be sent to so many
// listeners, and finds its stamp in data. Broadcasts of one stamp share one
// account; a broadcast without a stamp enters the totals only.
func (a *Tally) Open(data []byte, audience int) *Broadcast {
	found, _, _, ok := stamp.Find(data)
	k := a.current.Load()
	b, first := k.open(found, ok, a.opened.Add(1))
	b.count(audienceOf, int64(audience))
	// Only now, so that who sees the broadcast counted sees its audience, too.
	switch {
	case !ok:
		k.unstamped.Add(1)
	case first:
		k.stamped.Add(1)
	}
	return b
}

// Broadcast is the account of one broadcast.
type Broadcast struct {
	Number  uint64 // its place among all broadcasts of this gateway, from 1
	Stamp   stamp.Stamp
	Stamped bool

	book  *book
	tally tally
	delay *histogram.Histogram
	of    *Broadcast // set in the account of an echo
}

// Echo is the account of the copy that goes back to the broadcast's sender. What
// it counts is part of the broadcast's, and counted as an echo besides: a sender
// may not take itself for a listener.
func (b *Broadcast) Echo() *Broadcast {
	b.book.echoes[audienceOf].Add(1)
	return &Broadcast{Number: b.Number, Stamp: b.Stamp, Stamped: b.Stamped, book: b.book, of: b}
}

// Delivered counts a first copy that was written, reordered if the connection
// had been written a later one of the same origin before. An echo's delay is left
// out of the distribution, which is that of the listeners.
func (b *Broadcast) Delivered(reordered bool) {
	if b.Stamped && b.of == nil {
		delay := time.Since(b.Stamp.Sent)
		b.delay.Add(delay)
		b.book.delay.Add(delay)
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

// Dropped counts a delivery that was kept from a connection on purpose.
func (b *Broadcast) Dropped(from *Missed) {
	b.count(dropped, 1)
	from.add(b.book.number)
}

// Deaf counts a delivery that a connection could not hear, being deaf.
func (b *Broadcast) Deaf(from *Missed) {
	b.count(deaf, 1)
	from.add(b.book.number)
}

func (b *Broadcast) count(what field, n int64) {
	if b.of != nil {
		b.book.echoes[what].Add(n)
		b = b.of
	}
	b.book.tally[what].Add(n)
	if b.Stamped {
		b.tally[what].Add(n)
	}
}
