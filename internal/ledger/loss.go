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
	"math"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// isDue reports whether the broadcast is due to the listener.
func (m *Member) isDue(b *broadcast) bool {
	return m.state == listening && m.ready.before(b.sequence) &&
		(!b.requireConfirmed || m.confirmed.before(b.sequence))
}

// inFlight reports whether first copies of the broadcast may still be on their way.
func (b *broadcast) inFlight(now time.Time) bool {
	settle := b.series.settle
	if settle == 0 {
		return true
	}
	latest := b.published
	if last := b.last.Load(); last != math.MinInt64 {
		latest = b.intended.Add(time.Duration(last))
	}
	return now.Sub(latest) <= settle
}

// outstanding returns how many due deliveries have neither been read nor become
// indeterminate. The audience's lock is held.
func (b *broadcast) outstanding() int64 {
	if b.retracted.Load() {
		return 0
	}
	return int64(b.expected) - int64(b.indeterminate) - b.received.Load()
}

// leave makes indeterminate what a listener that leaves had yet to read of the
// broadcasts in flight. The audience's lock is held.
func (s *Series) leave(m *Member) {
	now := time.Now()
	for _, b := range s.broadcasts[s.settled:] {
		if m.isDue(b) && !m.own.settled(b.sequence) && b.inFlight(now) {
			b.indeterminate++
		}
	}
}

// Retract notes that a broadcast could not be sent after all.
func (s *Series) Retract(of stamp.Stamp) {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range slices.Backward(s.broadcasts) {
		if b.sequence == of.Sequence {
			b.retracted.Store(true)
			if b.received.Load()+b.joined.Load() > 0 {
				b.retracted.Store(false)
			}
			return
		}
	}
}

// complete reports whether nothing is outstanding.
func (s *Series) complete() bool {
	s.audience.mu.Lock()
	defer s.audience.mu.Unlock()
	return s.advance()
}

// advance passes over the first broadcasts of which nothing is outstanding, and
// reports whether nothing is outstanding at all. The audience's lock is held.
func (s *Series) advance() (all bool) {
	settled := true // all so far, for good
	for _, b := range s.broadcasts[s.settled:] {
		if b.outstanding() > 0 {
			return false
		}
		settled = settled && !b.retracted.Load() // which somebody may read yet
		if settled {
			s.settled++
		}
	}
	return true
}

// balance is what a broadcast's deliveries have come to:
// expected = received + lost + indeterminate.
type balance struct{ expected, received, lost, indeterminate int64 }

// balance closes the broadcast's account. Deliveries that are still outstanding are
// lost, unless the series was interrupted. The audience's lock is held.
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
