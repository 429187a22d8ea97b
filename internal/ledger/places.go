package ledger

import "sync"

// Places are those of listeners that were cut off, in the audiences that they were in.
// Broadcasts are missed there until other listeners take the places, or until it is known
// that the listeners would have left by now. A nil *Places has none.
type Places struct {
	mu        sync.Mutex
	roster    *Roster
	listeners int
	in        map[*Audience]int
}

// NewPlaces returns the places of listeners of one client, of which there are none yet.
func NewPlaces(r *Roster) *Places { return &Places{roster: r, in: make(map[*Audience]int)} }

// Add adds those of a listener that was cut off.
func (p *Places) Add(l *Listener) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners++
	l.members(func(m *Member) { p.in[m.audience]++ })
}

// Len returns how many listeners the places are of.
func (p *Places) Len() int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.listeners
}

// take takes a place in an audience, and returns how many it has taken: one or none.
func (p *Places) take(a *Audience) int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in[a] == 0 {
		return 0
	}
	p.in[a]--
	return 1
}

// taken notes that so many listeners have been replaced.
func (p *Places) taken(n int) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners = max(p.listeners-n, 0)
}

// Move moves the places to others, which may be nil for new ones, and returns these.
func (p *Places) Move(to *Places) *Places {
	switch {
	case p.Len() == 0:
		return to
	case to == nil:
		to = NewPlaces(p.roster)
	}
	listeners, in := p.empty()
	to.mu.Lock()
	defer to.mu.Unlock()
	to.listeners += listeners
	for a, n := range in {
		to.in[a] += n
	}
	return to
}

// GiveUp notes that the listeners would have left by now. Broadcasts are no longer missed by
// them.
func (p *Places) GiveUp() {
	if p == nil {
		return
	}
	listeners, in := p.empty()
	for a, n := range in {
		a.reduceCutOff(n)
	}
	p.roster.reduceCutOff(listeners)
}

// empty takes all places.
func (p *Places) empty() (listeners int, in map[*Audience]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	listeners, in = p.listeners, p.in
	p.listeners, p.in = 0, make(map[*Audience]int)
	return listeners, in
}
