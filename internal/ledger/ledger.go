// Package ledger accounts for deliveries: to which listeners a broadcast was due, which
// of them read it, how often, in which order, and when.
//
// A delivery is one broadcast reaching one listener. For every broadcast of this process
//
//	expected = received + lost + indeterminate
//
// where indeterminate are the deliveries to listeners that this side ended before they
// read the broadcast, or that joined after it was sent and read it all the same; loss.go
// has the whole definition. Duplicates, reorderings and late deliveries are counted apart
// from that, and so is what listeners missed that were cut off when it was sent.
//
// One Ledger serves the whole process. Entering a delivery takes no lock that listeners
// share, and what is kept is a few dozen bytes for each listener and origin and a few
// hundred for each broadcast in flight.
package ledger

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Ledger holds the audiences of one process, and the listeners that are in them.
type Ledger struct {
	clock   clock
	run     atomic.Pointer[Run]
	answers answers

	mu        sync.Mutex
	audiences map[Name]*Audience
	rosters   map[string]*Roster
	// The origins of the audiences are consecutive, so that two processes with very many have
	// hardly ever one in common. byOrigin holds the audiences from the first origin on. Readers
	// see an entry only once it never changes again, so that looking one up takes no lock.
	firstOrigin uint32
	byOrigin    atomic.Pointer[[]*Audience]
}

// New returns an empty ledger.
func New() *Ledger {
	l := &Ledger{
		audiences: make(map[Name]*Audience), rosters: make(map[string]*Roster),
		firstOrigin: rand.Uint32(), //nolint:gosec // an identifier, no secret
	}
	l.byOrigin.Store(new([]*Audience))
	return l
}

// Audience returns the audience of that name.
func (l *Ledger) Audience(name Name) *Audience {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.audiences[name]
	if a == nil {
		known := *l.byOrigin.Load()
		a = &Audience{ledger: l, name: name, origin: l.firstOrigin + uint32(len(known))} //nolint:gosec // there are far fewer than 2³²
		l.audiences[name] = a
		// Appending may write past the end of what readers see, never within it.
		known = append(known, a)
		l.byOrigin.Store(&known)
	}
	return a
}

// Roster returns the roster of that name.
func (l *Ledger) Roster(name string) *Roster {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rosters[name]
	if r == nil {
		r = new(Roster)
		l.rosters[name] = r
	}
	return r
}

// Listening returns how many listeners of this process are ready, by the first word of their
// roster's name.
func (l *Ledger) Listening() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	listening := make(map[string]int64)
	for name, r := range l.rosters {
		count, _ := r.Watch()
		first, _, _ := strings.Cut(name, " ")
		listening[first] += int64(count.Ready)
	}
	return listening
}

// Coming returns how many listeners of this process are connecting or yet to be dialled, on all
// rosters.
func (l *Ledger) Coming() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, r := range l.rosters {
		count, _ := r.Watch()
		n += count.Connecting + count.Planned
	}
	return n
}

// Occupied returns the keys of the audiences at an endpoint that have listeners that are ready, in
// order.
func (l *Ledger) Occupied(endpoint string) []string {
	var keys []string
	for _, a := range *l.byOrigin.Load() {
		if a.name.Endpoint == endpoint && a.occupied() {
			keys = append(keys, a.name.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

// audienceOf returns the audience of this process that has the origin, nil if none has.
func (l *Ledger) audienceOf(origin uint32) *Audience {
	known := *l.byOrigin.Load()
	// An origin below the first wraps round to an index that is far too large.
	if i := origin - l.firstOrigin; i < uint32(len(known)) { //nolint:gosec // there are far fewer than 2³²
		return known[i]
	}
	return nil
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
	// Strayed says which audience a stray broadcast reached; nil if it isn't stray, or
	// reached another member of the same.
	Strayed *Strayed
}

// Outcome is how a delivery relates to those before it. The zero value is a first copy in
// order.
type Outcome struct {
	// Duplicate: the listener had read this broadcast before.
	Duplicate bool
	// Reordered: the listener had read a later broadcast of the same series before (RFC
	// 4737), or of the same origin, if the series isn't known.
	Reordered bool
	// Late: it isn't received, because its broadcast was settled before it arrived or is
	// closed, or because too many later broadcasts were read before it to tell it from a
	// duplicate. Result.Late counts those that were too late for their broadcast while its
	// series was open.
	Late bool
	// Stray: the broadcast was sent to another audience of this process, or to another
	// member of the same.
	Stray bool
	// Canary: it was sent to find out which listeners can hear, and is no broadcast.
	Canary bool
	// Forged: no publisher has given out this stamp. It has changed nothing, and its
	// delay means nothing.
	Forged bool
}

// Strayed is a broadcast that reached another audience than it was meant for, by their keys.
type Strayed struct{ Meant, Reached string }

// Deliver enters that a member of an audience has read a stamp that arrived at that time.
func (l *Ledger) Deliver(m *Member, s stamp.Stamp, arrived time.Time) Delivery {
	d := Delivery{Origin: s.Origin, Delay: l.clock.date(arrived).Sub(s.Sent)}
	if s.Canary {
		l.deliverCanary(m, s, &d)
		return d
	}
	to := m.audience
	if s.Origin != to.origin {
		to = l.audienceOf(s.Origin)
	}
	d.Local = to != nil
	b, forged := to.recall(s, d.Delay)
	if forged || to == nil && l.audienceOf(canaryOrigin(s.Origin)) != nil {
		d.Forged = true
		return d
	}
	m.markConfirmed()
	d.Outcome = m.accept(s.Origin, s.Sequence)
	switch {
	case to == nil:
		m.audience.deliverRemote(m, s, &d, arrived)
	case to != m.audience:
		d.Stray, d.Strayed = true, &Strayed{to.Name().Key, m.audience.Name().Key}
	case b != nil && !b.meant(m):
		d.Stray = true
	case d.Late:
	case b == nil:
		d.Late = !d.Duplicate
		to.deliverForgotten(s.Sequence, &d)
	default:
		b.deliver(m, &d, arrived)
	}
	return d
}
