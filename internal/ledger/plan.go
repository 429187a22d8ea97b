package ledger

// Plan is a group of listeners, of which some are still to be dialled. As long as they
// are, Count.Planned has them, so that nobody gives up waiting for them.
type Plan struct {
	roster *Roster
	left   int // under the roster's lock
}

// Plan notes that n listeners are to enter through the plan.
func (r *Roster) Plan(n int) *Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	n = max(n, 0)
	r.count.Planned += n
	r.notify()
	return &Plan{roster: r, left: n}
}

// Enter adds a listener that has begun to connect, and takes it off the plan. Where nothing
// is left of the plan it is Roster.Enter.
func (p *Plan) Enter() *Listener {
	r := p.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	p.drop(min(p.left, 1))
	return r.enter()
}

// Cancel notes that the rest of the plan won't be dialled.
func (p *Plan) Cancel() {
	r := p.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.left > 0 {
		p.drop(p.left)
		r.notify()
	}
}

// drop takes n listeners off the plan. The lock is held.
func (p *Plan) drop(n int) {
	p.left -= n
	p.roster.count.Planned -= n
}
