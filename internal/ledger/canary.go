package ledger

import (
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// canaryOrigin is the origin of an audience's canaries. It isn't that of its broadcasts, so
// that each sequence of these is a broadcast, and whoever misses one knows it.
func canaryOrigin(origin uint32) uint32 { return ^origin }

// maxCanaries is how many canaries of an audience are remembered, the latest. Where one a
// second is sent, an older one comes minutes late.
const maxCanaries = 256

// canaries are those of one audience. Looking one up takes no lock.
type canaries struct {
	sent atomic.Pointer[[]givenCanary] // ordered; the slice never changes
}

// givenCanary is one that was given out.
type givenCanary struct {
	sequence uint32
	sent     int64 // the stamp's send time, in µs since the Unix epoch
}

// Canary returns the stamp of the next canary. It is sent to find out which listeners can
// hear, and is in no account.
func (a *Audience) Canary() stamp.Stamp {
	a.mu.Lock()
	defer a.mu.Unlock()
	var known []givenCanary
	if sent := a.canaries.sent.Load(); sent != nil {
		known = *sent
	}
	next := givenCanary{sequence: 1, sent: a.ledger.clock.now().UnixMicro()}
	if n := len(known); n > 0 {
		next.sequence = known[n-1].sequence + 1
	}
	known = append(append(make([]givenCanary, 0, len(known)+1), known[max(0, len(known)-maxCanaries+1):]...), next)
	a.canaries.sent.Store(&known)
	return stamp.Stamp{
		Origin: canaryOrigin(a.origin), Sequence: next.sequence, Sent: time.UnixMicro(next.sent), Canary: true, End: next.sequence,
	}
}

// gaveOut reports whether the stamp is one of the canaries.
func (c *canaries) gaveOut(s stamp.Stamp) bool {
	sent := c.sent.Load()
	if sent == nil {
		return false
	}
	first := (*sent)[0].sequence
	if s.Sequence < first {
		return s.Sequence > 0
	}
	i := s.Sequence - first
	return i < uint32(len(*sent)) && (*sent)[i].sent == s.Sent.UnixMicro() //nolint:gosec // at most maxCanaries
}

// deliverCanary enters that a listener has read a canary, which confirms it.
func (l *Ledger) deliverCanary(m *Member, s stamp.Stamp, d *Delivery) {
	of := l.audienceOf(canaryOrigin(s.Origin))
	d.Local = of != nil
	switch {
	case of != nil:
		d.Forged = !of.canaries.gaveOut(s)
	case l.audienceOf(s.Origin) != nil:
		d.Forged = true
	default:
		d.Forged = implausible(d.Delay)
	}
	if d.Forged {
		return
	}
	d.Canary = true
	m.markConfirmed()
}
