// Package ledger accounts for deliveries: to which listeners a broadcast was due, which
// of them read it, how often, in which order, and when.
//
// A delivery is one broadcast reaching one listener. For every broadcast of this process
//
//	expected = received + lost + indeterminate
//
// where indeterminate are the deliveries to listeners that left before they read the
// broadcast, or that joined after it was sent and read it all the same; loss.go has the
// whole definition. Duplicates and reorderings are counted apart from that.
//
// One Ledger serves the whole process. Entering a delivery takes no lock that listeners
// share, and what is kept is a few dozen bytes for each listener and origin and a few
// hundred for each broadcast in flight.
package ledger

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Ledger holds the audiences of one process.
type Ledger struct {
	mu        sync.Mutex
	audiences map[string]*Audience
	// origins are those of the audiences. The map is copied when one is added, so that
	// looking one up takes no lock.
	origins atomic.Pointer[map[uint32]struct{}]
}

// New returns an empty ledger.
func New() *Ledger {
	l := &Ledger{audiences: make(map[string]*Audience)}
	l.origins.Store(&map[uint32]struct{}{})
	return l
}

// Audience returns the audience of that name: all listeners of one room, subscription or
// channel of one gateway.
func (l *Ledger) Audience(name string) *Audience {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.audiences[name]
	if a == nil {
		a = newAudience()
		l.audiences[name] = a
		origins := maps.Clone(*l.origins.Load())
		origins[a.origin] = struct{}{}
		l.origins.Store(&origins)
	}
	return a
}

// local reports whether an origin is one of this process.
func (l *Ledger) local(origin uint32) bool {
	_, ok := (*l.origins.Load())[origin]
	return ok
}

// Delivery is what the ledger made of one stamp that a listener read.
type Delivery struct {
	// Origin identifies the process that sent the broadcast, and there the audience it
	// was sent to. Local: that process is this one, so both times are of one clock.
	Origin uint32
	Local  bool
	// Delay is the arrival less the intended send time. It is negative if two clocks
	// differ by more than the delivery took.
	Delay time.Duration
	Outcome
}

// Outcome is how a delivery relates to those before it. The zero value is a first copy in
// order.
type Outcome struct {
	// Duplicate: the listener had read this broadcast before.
	Duplicate bool
	// Reordered: the listener had read a later broadcast of the same series before (RFC
	// 4737), or of the same origin, if the series isn't known.
	Reordered bool
	// Late: it isn't counted, because the broadcast's series is closed, or because too
	// many later broadcasts were read before it to tell it from a duplicate.
	Late bool
	// Stray: the broadcast was sent to another audience of this process.
	Stray bool
	// Canary: it was sent to find out which listeners can hear, and is no broadcast.
	Canary bool
}

// Deliver enters that a listener has read a stamp that arrived at that time.
func (l *Ledger) Deliver(m *Member, s stamp.Stamp, arrived time.Time) Delivery {
	d := Delivery{Origin: s.Origin, Delay: arrived.Sub(s.Sent)}
	m.markConfirmed()
	d.Outcome = m.window(s.Origin).accept(s.Sequence)
	d.Canary = s.Canary
	if s.Origin != m.audience.origin {
		d.Local = l.local(s.Origin)
		d.Stray = d.Local
		return d
	}
	d.Local = true
	switch b := m.audience.inFlight.find(s.Sequence); {
	case d.Late:
	case b == nil:
		d.Late = !d.Duplicate && !d.Canary
	default:
		d.Reordered = d.Reordered && m.hasLater(b)
		b.deliver(m, d)
	}
	return d
}
