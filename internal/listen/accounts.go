package listen

import "time"

// settleAccounts passes on what has become of other processes' broadcasts.
func (g *Group) settleAccounts(now time.Time) {
	attendance := g.attendance.Load()
	if attendance == nil {
		return
	}
	settled, silent := attendance.Settle(now)
	if len(settled) > 0 {
		g.config.Observer.BroadcastsSettled(settled)
	}
	if len(silent) > 0 {
		g.config.Observer.PublishersSilent(silent)
	}
}

// endAccounts passes on what is left when the group has ended.
func (g *Group) endAccounts() {
	ending := g.attendance.Load().End(time.Now())
	if len(ending.Settled) > 0 {
		g.config.Observer.BroadcastsSettled(ending.Settled)
	}
	g.config.Observer.AccountsEnded(&ending)
}
