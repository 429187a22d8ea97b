package ledger

import (
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// maxDelay is how far a delay may be from zero where nothing else tells whether the stamp
// is genuine. Clocks that differ by more would be noticed before they publish anything.
const maxDelay = 24 * time.Hour

// recall returns the broadcast that a stamp of the audience's origin belongs to, nil if it
// is forgotten or its series is closed, and reports whether the stamp is forged: its
// sequence was never given out, or was given out with another send time. Of a stamp
// that can't be compared with its broadcast (the audience is nil if it is that of another
// process) only the delay can be judged. Canaries are judged by deliverCanary.
func (a *Audience) recall(s stamp.Stamp, delay time.Duration) (b *broadcast, forged bool) {
	if a != nil {
		// Before find: Publish makes a broadcast findable before it raises latest.
		if s.Sequence == 0 || s.Sequence > a.latest.Load() {
			return nil, true
		}
		if b = a.inFlight.find(s.Sequence); b != nil {
			return b, s.Sent.UnixMicro() != b.sent
		}
	}
	return nil, implausible(delay)
}

// implausible reports whether no genuine stamp has such a delay.
func implausible(delay time.Duration) bool { return delay > maxDelay || delay < -maxDelay }
