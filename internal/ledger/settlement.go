package ledger

import (
	"slices"
	"time"
)

// Settlement is what became of broadcasts that have been closed.
type Settlement struct {
	// Broadcasts are those sent, in the order of their sequences.
	Broadcasts []Settled
	// Unsent is how many were not.
	Unsent int
}

// Settled is what became of one broadcast: Expected = Received + Lost + Indeterminate. Late
// and Duplicated are as they were when it was closed; see Result for those that came after.
type Settled struct {
	Origin   uint32
	Sequence uint32
	Sent     time.Time // as its stamp says; about then, if nobody here has read it

	Expected, Received, Lost, Indeterminate  int64
	Cut, Missed, Late, Duplicated, Reordered int64
	// Open is the part of Indeterminate that may have been due and wasn't read: what was
	// lost is at most this more. It is zero of this process's own broadcasts.
	Open    int64
	Reached bool   // a first copy was in time at any listener
	Fanout  Fanout // zero unless Reached
}

// Unheard reports whether the broadcast was due to nobody and nobody has read it.
func (s *Settled) Unheard() bool { return s.Expected+s.Late == 0 }

// grace is for how long a broadcast stays open after the last first copy, so that duplicates
// of it are still told with it, and after it was settled, so that what arrived in time can
// still be read.
const grace = 250 * time.Millisecond

// TakeSettled closes the broadcasts of which all is known at that time, and returns what
// became of them.
func (s *Series) TakeSettled(now time.Time) Settlement {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	var taken Settlement
	for _, b := range s.open {
		if b.isFinal(now) {
			s.settled(b, &taken)
		}
	}
	if len(taken.Broadcasts)+taken.Unsent == 0 {
		return taken
	}
	closed := func(b *broadcast) bool { return b.closed }
	s.open, s.pending = slices.DeleteFunc(s.open, closed), slices.DeleteFunc(s.pending, closed)
	s.forgetLeavers()
	a.inFlight.forgetClosed()
	return taken
}

// isFinal reports whether there is nothing more to wait for. The audience's lock is held.
func (b *broadcast) isFinal(now time.Time) bool {
	switch {
	case !b.attempted && !b.wasRead():
		return false
	case b.settledAt(now.Add(-grace)):
		return true
	case b.retracted.Load() || b.settle == 0 || b.outstanding() > 0:
		return false
	default:
		return now.Sub(b.published)-b.deadline.lastFirst(b.settle) >= grace
	}
}

// settled closes a broadcast and adds what became of it. The audience's lock is held.
func (s *Series) settled(b *broadcast, to *Settlement) {
	read := b.closeCounts()
	b.closed = true
	if b.retracted.Load() {
		if read == (reads{}) {
			s.retracted--
			s.sum.Unsent++
			to.Unsent++
			return
		}
		s.undoRetraction(b) // what Deliver was about to do
	}
	became := b.settlement(read)
	s.sum.add(&became)
	to.Broadcasts = append(to.Broadcasts, became)
}

// settlement is what the broadcast has come to. The audience's lock is held.
func (b *broadcast) settlement(read reads) Settled {
	sum := b.balance(read)
	settled := Settled{
		Origin: b.series.audience.origin, Sequence: b.sequence, Sent: time.UnixMicro(b.sent),
		Expected: sum.expected, Received: sum.received, Lost: sum.lost, Indeterminate: sum.indeterminate,
		Cut: int64(b.cut), Missed: int64(b.missed), Late: read.late,
		Duplicated: b.duplicated.Load(), Reordered: b.reordered.Load(),
		Reached: read.received+read.joined > 0,
	}
	if settled.Reached {
		settled.Fanout = Fanout{First: time.Duration(b.first.Load()), Last: time.Duration(b.last.Load())}
	}
	return settled
}

// forgetLeavers forgets the listeners that left before any broadcast that is retracted now
// was. The audience's lock is held.
func (s *Series) forgetLeavers() {
	if len(s.leavers) == 0 {
		return
	}
	first := len(s.leavers)
	for _, b := range s.open {
		if b.retracted.Load() {
			first = min(first, b.leftBefore)
		}
	}
	s.leavers = slices.Delete(s.leavers, 0, first)
	for _, b := range s.open {
		if b.retracted.Load() {
			b.leftBefore -= first
		}
	}
}

// deliverForgotten counts a copy of a broadcast that is forgotten, if its series is open.
func (a *Audience) deliverForgotten(sequence uint32, d *Delivery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.series, func(s *Series) bool { return s.sequences.has(sequence) })
	switch {
	case i < 0:
	case d.Duplicate:
		a.series[i].copies.Add(1)
	case d.Late:
		d.Reordered = false
		a.series[i].late.Add(1)
	}
}
