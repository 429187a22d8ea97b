package ledger

// Plan is a group of listeners, of which some are still to be dialled. As long as they
// are, Count.Planned has them, so that nobody gives up waiting for them.
type Plan struct {
	audience *Audience
	left     int // under the audience's lock
}

// Plan notes that n listeners are to enter through the plan.
func (a *Audience) Plan(n int) *Plan {
	a.mu.Lock()
	defer a.mu.Unlock()
	n = max(n, 0)
	a.count.Planned += n
	a.notify()
	return &Plan{audience: a, left: n}
}

// Enter adds a listener that has begun to connect, and takes it off the plan. Where nothing
// is left of the plan it is Audience.Enter.
func (p *Plan) Enter() *Member {
	a := p.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	p.drop(min(p.left, 1))
	return a.enter()
}

// Cancel notes that the rest of the plan won't be dialled.
func (p *Plan) Cancel() {
	a := p.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.left > 0 {
		p.drop(p.left)
		a.notify()
	}
}

// drop takes n listeners off the plan. The lock is held.
func (p *Plan) drop(n int) {
	p.left -= n
	p.audience.count.Planned -= n
}
