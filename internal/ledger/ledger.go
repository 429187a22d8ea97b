// Package ledger keeps the account of deliveries: who was meant to hear a
// broadcast, who heard it, how often and in which order, and when.
//
// A delivery is one broadcast reaching one listener. For every broadcast of this
// process
//
//	expected = received + lost + indeterminate
//
// where indeterminate are the listeners that left before they heard it, or that
// joined after it was sent and heard it all the same. Duplicates and reorderings
// are counted beside it.
//
// One Ledger serves the whole process. Reading a delivery takes no lock that
// listeners share, and what is kept is a few dozen bytes for each listener and
// origin and about as much for each broadcast in flight.
package ledger

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Ledger is the account of one process.
type Ledger struct {
	mu        sync.Mutex
	audiences map[string]*Audience
	// origins are those of the audiences. It is copied when one is added, so that
	// looking one up takes no lock.
	origins atomic.Pointer[map[uint32]struct{}]
}

// New returns an empty ledger.
func New() *Ledger {
	l := &Ledger{audiences: make(map[string]*Audience)}
	l.origins.Store(&map[uint32]struct{}{})
	return l
}

// Audience returns the audience of that name: all listeners of one room,
// subscription or channel of one gateway.
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

// local says whether an origin is one of this process.
func (l *Ledger) local(origin uint32) bool {
	_, ok := (*l.origins.Load())[origin]
	return ok
}

// Delivery is what the ledger made of one stamp that a listener read.
type Delivery struct {
	// Origin is the process that sent the broadcast, and there the audience that it
	// was sent to. Local says that the process is this one, so that one clock dated
	// both ends.
	Origin uint32
	Local  bool
	// Delay is arrival less intended send time. It is negative where two clocks
	// differ by more than the way took.
	Delay time.Duration
	Outcome
}

// Outcome is how a delivery stands to those before it.
type Outcome struct {
	// Duplicate: this listener had this broadcast already.
	Duplicate bool
	// Reordered: it had a later one of the same account already (RFC 4737), or where
	// the account isn't known, of the same origin.
	Reordered bool
	// Late: it is in no account, for the broadcast's was closed, or so many later ones
	// have come before it that it can't be told from a duplicate.
	Late bool
	// Stray: the broadcast was meant for another audience.
	Stray bool
	// Canary: it was sent to find out who listens, and is no broadcast.
	Canary bool
}

// Deliver enters that member read s, which arrived at that time.
func (l *Ledger) Deliver(m *Member, s stamp.Stamp, arrived time.Time) Delivery {
	d := Delivery{Origin: s.Origin, Delay: arrived.Sub(s.Sent)}
	m.hear()
	d.Outcome = m.window(s.Origin).see(s.Sequence)
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
		d.Reordered = d.Reordered && m.overtook(b)
		b.deliver(m, d)
	}
	return d
}
