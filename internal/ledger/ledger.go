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
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Ledger is the account of one process.
type Ledger struct {
	origin   uint32
	inFlight flights

	mu        sync.Mutex
	sequence  uint32
	audiences map[string]*Audience
}

// New returns an empty ledger with an origin of its own.
func New() *Ledger {
	return &Ledger{origin: rand.Uint32(), audiences: make(map[string]*Audience)} //nolint:gosec // told apart, not kept secret
}

// Origin names this process in its stamps.
func (l *Ledger) Origin() uint32 { return l.origin }

// Audience returns the audience of that name: all listeners of one room,
// subscription or channel of one gateway.
func (l *Ledger) Audience(name string) *Audience {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.audiences[name]
	if a == nil {
		a = &Audience{ledger: l, open: make(map[*Account]struct{})}
		l.audiences[name] = a
	}
	return a
}

// Delivery is what the ledger made of one stamp that a listener read.
type Delivery struct {
	// Origin is the process that sent the broadcast. Local says that it is this
	// one, so that one clock dated both ends.
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
	// Reordered: it had a later one of the same origin already (RFC 4737).
	Reordered bool
	// Late: the broadcast's account was closed and this listener counted as lost.
	Late bool
	// Stray: the broadcast was meant for another audience.
	Stray bool
	// Canary: it was sent to find out who listens, and is no broadcast.
	Canary bool
}

// Deliver enters that member read s, which arrived at that time.
func (l *Ledger) Deliver(m *Member, s stamp.Stamp, arrived time.Time) Delivery {
	d := Delivery{Origin: s.Origin, Local: s.Origin == l.origin, Delay: arrived.Sub(s.Sent)}
	d.Canary = s.Canary
	m.hear()
	d.Duplicate, d.Reordered = m.window(s.Origin).see(s.Sequence)
	if !d.Local {
		return d
	}
	b := l.inFlight.find(s.Sequence)
	switch {
	case b == nil:
		d.Late = !d.Duplicate && !d.Canary
	case b.account.audience != m.audience:
		d.Stray = true
	default:
		b.deliver(m, d)
	}
	return d
}

// takeOff gives a broadcast its sequence and makes it known. The audience's lock
// is held; it comes before the ledger's.
func (l *Ledger) takeOff(b *broadcast) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence++
	b.sequence = l.sequence
	l.inFlight.add(b)
}

// land forgets the broadcasts of an account.
func (l *Ledger) land(account *Account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight.remove(account)
}

// mark is the last sequence given out.
func (l *Ledger) mark() mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return mark{set: true, sequence: l.sequence}
}
