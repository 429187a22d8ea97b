// What counts as lost, of one broadcast and one listener.
//
// A delivery is due if, when the broadcast was published, the gateway had
// acknowledged the listener and, where the audience requires confirmation, the
// listener had read a stamp. Canaries, which confirm, are due to every acknowledged
// listener. Expected are the deliveries that are due.
//
//   - Received: the listener read a first copy before the series was closed.
//   - Indeterminate: the listener left while the broadcast was in flight, and before
//     it read a copy.
//   - Lost: everything else that is due. So a listener has also lost what it had yet to
//     read when it left after the flight, and what it can't tell from a duplicate any
//     more because it has read too many later broadcasts (see replayWindow).
//
// In flight: from publishing until settle has passed without a first copy of the
// broadcast, to whichever listener. A first copy that comes after that puts it in
// flight again. Where settle is zero, it is in flight until the series is closed.
//
// Joining: what was published before a listener was acknowledged isn't due to it. If
// the listener reads it all the same, because the acknowledgement was overtaken, that
// delivery is added both to the expected and to the indeterminate.
//
// Retraction: a broadcast that could not be sent is due to nobody and counts as
// nothing, unless somebody reads it. Then it was sent, whatever the gateway answered,
// and is accounted for as if it had never been retracted.
//
// Interruption: if the test ends while Settle waits, what is still outstanding may
// have been on its way. It is indeterminate, and nothing is lost.

package ledger

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// isDue reports whether the broadcast is due to the listener.
func (m *Member) isDue(b *broadcast) bool {
	return m.state == listening && b.isDueSince(m.ready, m.confirmed)
}

// isDueSince reports whether the broadcast is due to a listener that was acknowledged and
// confirmed at these marks.
func (b *broadcast) isDueSince(ready, confirmed mark) bool {
	return ready.before(b.sequence) && (!b.requireConfirmed || confirmed.before(b.sequence))
}

// inFlight reports whether first copies of the broadcast may still be on their way.
func (b *broadcast) inFlight(now time.Time) bool {
	latest := b.published
	if last := b.last.Load(); last != math.MinInt64 {
		latest = b.intended.Add(time.Duration(last))
	}
	return b.series.settling(latest, now)
}

// settling reports whether too little time has passed since the latest first copy for the
// others to be lost.
func (s *Series) settling(latest, now time.Time) bool {
	return s.settle == 0 || now.Sub(latest) <= s.settle
}

// outstanding returns how many due deliveries have neither been read nor become
// indeterminate. Unless the broadcast is retracted, it never grows. The audience's lock
// is held.
func (b *broadcast) outstanding() int64 {
	return int64(b.expected) - int64(b.indeterminate) - b.received.Load()
}

// departure is a listener that left, as it was then.
type departure struct {
	at               time.Time
	ready, confirmed mark
	own              replayWindow
}

// awaited reports whether the listener had yet to read the broadcast when it left.
func (d *departure) awaited(b *broadcast) bool {
	return b.isDueSince(d.ready, d.confirmed) && !d.own.settled(b.sequence)
}

// leave makes indeterminate what a listener that leaves had yet to read of the
// broadcasts in flight. The audience's lock is held.
func (s *Series) leave(m *Member) {
	d := departure{time.Now(), m.ready, m.confirmed, m.own}
	s.pending = slices.DeleteFunc(s.pending, func(b *broadcast) bool { return b.outstanding() == 0 })
	for _, b := range s.pending {
		if d.awaited(b) && b.inFlight(d.at) {
			b.indeterminate++
		}
	}
	if s.retracted > 0 {
		s.departures = append(s.departures, d)
	}
}

// Retract notes that a broadcast could not be sent after all. If somebody has read it,
// it was sent.
func (s *Series) Retract(of stamp.Stamp) {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.inFlight.find(of.Sequence)
	if b == nil || b.series != s || b.retracted.Load() {
		return
	}
	// Set first and checked then, while deliver does it the other way round: of two at
	// once, at least one sees the other.
	b.retracted.Store(true)
	if b.received.Load()+b.joined.Load() > 0 {
		b.retracted.Store(false)
		return
	}
	b.departed = len(s.departures)
	s.retracted++
	if i, found := s.findPending(b); found {
		s.pending = slices.Delete(s.pending, i, i+1)
	}
}

// restore undoes the retraction of a broadcast that somebody has read, and makes up for
// the listeners that have left since.
func (s *Series) restore(b *broadcast) {
	s.audience.mu.Lock()
	defer s.audience.mu.Unlock()
	if !b.retracted.Load() {
		return
	}
	b.retracted.Store(false)
	for _, d := range s.departures[b.departed:] {
		// There was no first copy yet when they left.
		if d.awaited(b) && s.settling(b.published, d.at) {
			b.indeterminate++
		}
	}
	if s.retracted--; s.retracted == 0 {
		s.departures = nil
	}
	i, _ := s.findPending(b)
	s.pending = slices.Insert(s.pending, i, b)
}

// findPending returns the place of a broadcast among the pending, and whether it is there.
func (s *Series) findPending(b *broadcast) (int, bool) {
	return slices.BinarySearchFunc(s.pending, b, func(x, y *broadcast) int { return cmp.Compare(x.sequence, y.sequence) })
}

// complete reports whether nothing is outstanding.
func (s *Series) complete() bool {
	s.audience.mu.Lock()
	defer s.audience.mu.Unlock()
	s.dropSettled()
	return len(s.pending) == 0
}

// dropSettled removes from the pending broadcasts those before the first of which
// anything is outstanding. Each is removed once, so that on average a call looks at no
// more broadcasts than were published since the last. The audience's lock is held.
func (s *Series) dropSettled() {
	for len(s.pending) > 0 && s.pending[0].outstanding() == 0 {
		s.pending = s.pending[1:]
	}
}

// balance is what a broadcast's deliveries have come to:
// expected = received + lost + indeterminate.
type balance struct{ expected, received, lost, indeterminate int64 }

// balance adds up the broadcast's deliveries. Those that are still outstanding are lost,
// unless the series was interrupted. The audience's lock is held.
func (b *broadcast) balance() balance {
	joined, outstanding := b.joined.Load(), b.outstanding()
	sum := balance{
		expected:      int64(b.expected) + joined,
		received:      int64(b.expected) - int64(b.indeterminate) - outstanding,
		lost:          outstanding,
		indeterminate: int64(b.indeterminate) + joined,
	}
	if b.series.interrupted {
		sum.lost, sum.indeterminate = 0, sum.indeterminate+outstanding
	}
	return sum
}
