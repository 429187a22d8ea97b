package ledger

import (
	"cmp"
	"slices"
	"time"
)

// Attendance is one call that holds listeners of a roster.
type Attendance struct{ roster *Roster }

// Attend notes that a call begins to hold listeners. End must follow.
func (r *Roster) Attend() *Attendance {
	r.calls.Add(1)
	return &Attendance{roster: r}
}

// How often accounts are settled, and how much less often for each of very many audiences.
const (
	lookEvery        = 100 * time.Millisecond
	lookEachAudience = 20 * time.Microsecond
)

// Settle settles what can be settled of other processes' broadcasts to the roster's
// audiences, and returns what became of it, each once, and the origins of which nobody will
// know how many there were, because their publishers have fallen silent. Of all calls that hold
// listeners, the first that comes after a while does it.
func (t *Attendance) Settle(now time.Time) (settled []Settled, silent []uint32) {
	at, next := instantOf(now), &t.roster.nextLook
	due := next.Load()
	if int64(at) < due || !next.CompareAndSwap(due, int64(at.plus(lookEvery))) {
		return nil, nil
	}
	audiences := t.roster.all()
	next.Store(int64(at.plus(lookEvery + time.Duration(len(audiences))*lookEachAudience)))
	for _, a := range audiences {
		if remotes := a.remotes.Load(); remotes != nil {
			closed, gone := a.settleRemotes(remotes, at)
			settled, silent = append(settled, closed...), append(silent, gone...)
		}
	}
	return settled, silent
}

// settleRemotes is Settle for one audience.
func (a *Audience) settleRemotes(r *remotes, at instant) (settled []Settled, silent []uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	settled = r.settle(nil, at, false)
	for _, c := range r.all() {
		if !c.fallsSilent(at) {
			continue
		}
		a.play().end()
		if c.reportUnclosed() {
			silent = append(silent, c.origin)
		}
	}
	a.judgeWithdrawals(r, at)
	return settled, silent
}

// Ending is what becomes of other processes' broadcasts when nobody listens any more.
type Ending struct {
	Settled []Settled
	// Unclosed are the origins whose accounts end and of which nobody knows how many
	// broadcasts there were, Strangers how many of these no message of this test has named, and
	// Unaccounted how many audiences had no room for an origin.
	Unclosed    []uint32
	Strangers   int
	Unaccounted int
	// Plans are how many broadcasts the publishers' openings announced.
	Plans []HeardPlan
	// Clocks are what is known of the publishers' clocks.
	Clocks []ClockDifference
	// Unheard: this process is one of several of a test, listeners were ready, and nobody has
	// heard of any broadcast. Awaited: that is so although there is a reason to expect one, because
	// a listener waited for broadcasts to be over, or another process has asked who is there.
	Unheard, Awaited bool
}

// HeardPlan is how many broadcasts another process was to send, as far as its openings were
// heard.
type HeardPlan struct {
	Origin     uint32
	Broadcasts int64
}

// End notes that the call holds no listeners any more. The last one ends the accounts.
func (t *Attendance) End(now time.Time) (e Ending) {
	if t.roster.calls.Add(-1) > 0 {
		return e
	}
	t.roster.mu.Lock()
	e.Unheard = t.roster.count.Left > 0
	t.roster.mu.Unlock()
	for _, a := range t.roster.all() {
		a.endRemotes(&e, instantOf(now))
	}
	e.Awaited = e.Awaited && e.Unheard
	slices.SortFunc(e.Clocks, func(a, b ClockDifference) int { return cmp.Compare(a.Origin, b.Origin) })
	return e
}

// endRemotes ends the accounts, unless other calls hold listeners of the audience.
func (a *Audience) endRemotes(e *Ending, at instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.remotes.Load()
	e.Unheard = e.Unheard && a.ledger.Run().Distributed && a.latest.Load() == 0 && (r == nil || !r.begun())
	e.Awaited = e.Awaited || a.playing != nil && a.playing.watched || r.asked()
	if r == nil || a.ready > 0 {
		return
	}
	e.Settled = r.settle(e.Settled, at, true)
	for _, c := range r.all() {
		c.enterIn(e)
	}
	if r.refused {
		r.refused = false
		e.Unaccounted++
	}
}

// enterIn enters what is still to be said of the account. The audience's lock is held.
func (c *account) enterIn(e *Ending) {
	if c.reportUnclosed() {
		e.Unclosed = append(e.Unclosed, c.origin)
		if !c.vouched {
			e.Strangers++
		}
	}
	if !c.begun {
		return
	}
	if c.planned > 0 {
		e.Plans = append(e.Plans, HeardPlan{c.origin, c.planned})
	}
	e.Clocks = append(e.Clocks, c.clock.difference(c.origin, c.audience.ledger.ClockOffset()))
}

// reportUnclosed reports whether it isn't known of how many broadcasts something may be due
// here, unless it has said so before and nothing has come since.
func (c *account) reportUnclosed() bool {
	unknown := c.headless || c.broken || c.end == 0 || c.highest < c.end || c.endless > c.ended
	if !c.begun || c.foreign || c.reported || !unknown {
		return false
	}
	c.reported = true
	return true
}

// begun reports whether anything is known of any broadcast.
func (r *remotes) begun() bool {
	for _, c := range r.all() {
		if c.begun {
			return true
		}
	}
	return false
}

// asked reports whether another process has asked who is there.
func (r *remotes) asked() bool {
	if r == nil {
		return false
	}
	for _, c := range r.all() {
		if c.publisher.roll > 0 {
			return true
		}
	}
	return false
}
