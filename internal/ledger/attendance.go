package ledger

import "time"

// Attendance is one call that holds listeners of an audience. The accounts of other
// processes' broadcasts are kept as long as there is any.
type Attendance struct{ audience *Audience }

// Attend notes that a call begins to hold listeners. End must follow.
func (a *Audience) Attend() *Attendance {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remotes.attending++
	return &Attendance{audience: a}
}

// lookEvery is how often accounts are settled. Of all calls that hold listeners of the
// audience, the first that comes then does it.
const lookEvery = 100 * time.Millisecond

// Settle settles what can be settled of other processes' broadcasts to the audience, and
// returns what became of it, each once.
func (t *Attendance) Settle(now time.Time) []Settled {
	a, at := t.audience, instantOf(now)
	if a.remotes.accounts.Load() == nil || int64(at) < a.remotes.nextLook.Load() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remotes.nextLook.Store(int64(at.plus(lookEvery)))
	return a.settleAccounts(at, false)
}

// Ending is what becomes of other processes' broadcasts when a call ends.
type Ending struct {
	Settled []Settled
	// Unclosed are the accounts that end and of which nobody knows how many broadcasts there
	// were.
	Unclosed int
	// Lying are the origins whose clock, or this host's, is farther from the true time than
	// its kernel says.
	Lying []uint32
	// Unheard: no listener of this audience has heard of any broadcast, though listeners
	// were ready, and other processes may have published.
	Unheard bool
}

// End notes that the call holds no listeners any more. The last one ends the accounts.
func (t *Attendance) End(now time.Time) (e Ending) {
	a := t.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remotes.attending--
	if a.remotes.attending > 0 {
		return e
	}
	if a.remotes.accounts.Load() != nil {
		e.Settled = a.settleAccounts(instantOf(now), true)
		for _, c := range *a.remotes.accounts.Load() {
			if c.unclosed() && !c.reported {
				c.reported = true
				e.Unclosed++
			}
			if c.clock.lies() {
				e.Lying = append(e.Lying, c.origin)
			}
		}
	}
	if a.remotes.refused {
		a.remotes.refused = false
		e.Unclosed++
	}
	e.Unheard = a.remotes.accounts.Load() == nil && a.latest.Load() == 0 && a.count.Left > 0
	return e
}

// unclosed reports whether it isn't known of how many broadcasts something may be due here.
func (c *account) unclosed() bool {
	return !c.foreign && (c.headless || c.broken || c.end == 0 || c.highest < c.end)
}
