// What counts as lost, of one broadcast and one listener.
//
// A delivery is due if, when the broadcast was published, the gateway had
// acknowledged the listener and, where the audience requires confirmation, the
// listener had read a stamp, if only a canary's. Expected are the deliveries that are
// due.
//
//   - Received: the listener read a first copy that had arrived before the broadcast
//     was settled, and read it before the broadcast was closed.
//   - Indeterminate: this side ended the listener's connection while the broadcast was
//     in flight, and before the listener read a copy.
//   - Lost: everything else that is due. Its cause is cut if the gateway or the network
//     ended the connection while the broadcast was in flight, and before the listener
//     read a copy; otherwise it is missing. So missing is also what a listener had yet
//     to read when it left after the flight, and what it can't tell from a duplicate
//     any more because it has read too many later broadcasts (see replayWindow).
//
// In flight: from publishing until settle has passed without a first copy arriving, at
// whichever listener. Then the broadcast is settled, for good. Where settle is zero, it
// is in flight until the series is closed. See deadline.
//
// Closed: what became of the broadcast is told, and doesn't change any more. Each is closed
// by itself, by TakeSettled, once nothing is outstanding and no first copy has come for
// grace, or once it has been settled for grace, in which what arrived in time can still be
// read. While its publisher doesn't know yet whether it could be sent, and nobody has read
// it, it isn't closed. Those left are closed with their series.
//
// One listener only: a broadcast that is published to one member of the audience is meant
// for that member and due to it alone, by the same rule. It is missed, once, if that
// member had been cut off. A copy that another member reads is stray: it is named, and
// changes nothing else. What the gateway refuses to send because that member's connection is
// gone was sent, and isn't retracted: it is lost, or indeterminate if this side had ended the
// connection.
//
// Late: a first copy that arrived after the broadcast was settled, or was read after it was
// closed, is named and counted, and changes nothing else: where it was due, it stays lost.
// Copies that come after the broadcast was closed are counted for their series, late ones
// and duplicates, as long as that is open.
//
// Joining: what was published before a listener was acknowledged isn't due to it. If
// the listener reads it all the same, because the acknowledgement was overtaken, that
// delivery is added both to the expected and to the indeterminate. After the broadcast was
// closed it is late, as any other.
//
// Missed: what was published while a listener was cut off wasn't due to it. It is
// counted apart, for as long as the listener would have listened (see Places).
//
// Retraction: a broadcast that could not be sent is due to nobody and counts as
// nothing but unsent, unless somebody reads it before it is closed. Then it was sent,
// whatever the gateway answered, and is accounted for as if it had never been retracted. It
// is told to be unsent when it is closed, so what has been told never has to be taken back.
//
// Interruption: if the test ends while Settle waits, what is still outstanding of
// broadcasts in flight may have been on its way, and is indeterminate.

package ledger

import (
	"cmp"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// meant reports whether the broadcast is meant for a member of its audience.
func (b *broadcast) meant(m *Member) bool { return b.to == nil || b.to == m }

// addressees returns to how many members a broadcast is due that is published now, and by how
// many it is missed. The lock is held.
func (a *Audience) addressees(b *broadcast) (due, missed int) {
	switch {
	case b.to == nil && b.requireConfirmed:
		return a.confirmed, a.cutOff
	case b.to == nil:
		return a.ready, a.cutOff
	case b.to.state == listening && (!b.requireConfirmed || b.to.confirmed.set):
		return 1, 0
	case b.to.state == cutOff:
		return 0, 1
	default:
		return 0, 0
	}
}

// isDue reports whether the broadcast is due to the listener.
func (m *Member) isDue(b *broadcast) bool {
	return m.state == listening && b.meant(m) && b.isDueSince(m.ready, m.confirmed)
}

// isDueSince reports whether the broadcast is due to a listener that was acknowledged and
// confirmed at these marks.
func (b *broadcast) isDueSince(ready, confirmed mark) bool {
	return ready.before(b.sequence) && (!b.requireConfirmed || confirmed.before(b.sequence))
}

// settledAt reports whether the broadcast is settled at that time.
func (b *broadcast) settledAt(now time.Time) bool { return b.deadline.passed(now.Sub(b.published)) }

// outstanding returns how many due deliveries have neither been read in time nor been
// given up because their listeners left. Unless the broadcast is retracted, it never
// grows. The audience's lock is held.
func (b *broadcast) outstanding() int64 { return b.outstandingOf(b.received.count()) }

// outstandingOf is outstanding where so many were received.
func (b *broadcast) outstandingOf(received int64) int64 {
	return int64(b.expected) - int64(b.indeterminate) - int64(b.cut) - received
}

// done reports whether nothing is outstanding, or what is outstanding is lost.
func (b *broadcast) done(now time.Time) bool { return b.outstanding() == 0 || b.settledAt(now) }

// leaver is a listener that left, as it was then.
type leaver struct {
	member           *Member
	how              Departure
	at               time.Time
	ready, confirmed mark
	own              replayWindow
}

// awaited reports whether the listener had yet to read the broadcast when it left.
func (l *leaver) awaited(b *broadcast) bool {
	return b.meant(l.member) && b.isDueSince(l.ready, l.confirmed) && !l.own.settled(b.sequence)
}

// leave gives up what a listener that leaves had yet to read of the broadcasts in
// flight. The audience's lock is held.
func (s *Series) leave(m *Member, how Departure) {
	l := leaver{m, how, time.Now(), m.ready, m.confirmed, m.own}
	s.pending = slices.DeleteFunc(s.pending, func(b *broadcast) bool { return b.outstanding() == 0 })
	for _, b := range s.pending {
		if l.awaited(b) && !b.settledAt(l.at) {
			b.giveUp(how)
		}
	}
	if s.retracted > 0 {
		s.leavers = append(s.leavers, l)
	}
}

// giveUp gives up a delivery that a listener awaited when it left while the broadcast was
// in flight. The audience's lock is held.
func (b *broadcast) giveUp(how Departure) {
	if how == Cut {
		b.cut++
	} else {
		b.indeterminate++
	}
}

// Sent notes that a broadcast was sent, as far as its publisher knows.
func (s *Series) Sent(of stamp.Stamp) {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.inFlight.find(of.Sequence); b != nil && b.series == s {
		b.attempted = true
	}
}

// Retract notes that a broadcast could not be sent after all. If somebody has read it,
// it was sent.
func (s *Series) Retract(of stamp.Stamp) {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.inFlight.find(of.Sequence)
	if b == nil || b.series != s || b.closed || b.retracted.Load() {
		return
	}
	b.attempted = true
	// Set first and checked then, while deliver does it the other way round: of two at
	// once, at least one sees the other.
	b.retracted.Store(true)
	if b.wasRead() {
		b.retracted.Store(false)
		return
	}
	b.leftBefore = len(s.leavers)
	s.retracted++
	a.announced.retracted.add(b.sequence)
	if i, found := s.findPending(b); found {
		s.pending = slices.Delete(s.pending, i, i+1)
	}
}

// restore undoes the retraction of a broadcast that somebody has read, and makes up for
// the listeners that have left since.
func (s *Series) restore(b *broadcast) {
	s.audience.mu.Lock()
	defer s.audience.mu.Unlock()
	if b.retracted.Load() && !b.closed {
		s.undoRetraction(b)
	}
}

// undoRetraction is restore of a broadcast that is retracted, with the lock held.
func (s *Series) undoRetraction(b *broadcast) {
	b.retracted.Store(false)
	s.audience.announced.retracted.remove(b.sequence)
	for _, l := range s.leavers[b.leftBefore:] {
		// There was no first copy yet when they left.
		if l.awaited(b) && (s.settle == 0 || l.at.Sub(b.published) <= s.settle) {
			b.giveUp(l.how)
		}
	}
	if s.retracted--; s.retracted == 0 {
		s.leavers = nil
	}
	i, _ := s.findPending(b)
	s.pending = slices.Insert(s.pending, i, b)
}

// findPending returns the place of a broadcast among the pending, and whether it is there.
func (s *Series) findPending(b *broadcast) (int, bool) {
	return slices.BinarySearchFunc(s.pending, b, func(x, y *broadcast) int { return cmp.Compare(x.sequence, y.sequence) })
}

// complete reports whether nothing is outstanding that may yet be received.
func (s *Series) complete() bool {
	s.audience.mu.Lock()
	defer s.audience.mu.Unlock()
	s.dropDone(time.Now())
	return len(s.pending) == 0
}

// dropDone removes from the pending broadcasts those before the first that isn't done.
// Each is removed once, so that on average a call looks at no more broadcasts than were
// published since the last. The audience's lock is held.
func (s *Series) dropDone(now time.Time) {
	for len(s.pending) > 0 && s.pending[0].done(now) {
		s.pending = s.pending[1:]
	}
}

// interrupt notes which broadcasts are in flight when the test ends.
func (s *Series) interrupt() {
	s.audience.mu.Lock()
	defer s.audience.mu.Unlock()
	now := time.Now()
	for _, b := range s.open {
		b.interrupted = b.interrupted || !b.settledAt(now)
	}
}

// balance is what a broadcast's deliveries have come to:
// expected = received + lost + indeterminate.
type balance struct{ expected, received, lost, indeterminate int64 }

// balance adds up the broadcast's deliveries. Those that are still outstanding are lost,
// unless the broadcast was interrupted. The audience's lock is held.
func (b *broadcast) balance(read reads) balance {
	outstanding := b.outstandingOf(read.received)
	sum := balance{
		expected:      int64(b.expected) + read.joined,
		received:      read.received,
		lost:          int64(b.cut) + outstanding,
		indeterminate: int64(b.indeterminate) + read.joined,
	}
	if b.interrupted {
		sum.lost -= outstanding
		sum.indeterminate += outstanding
	}
	return sum
}
