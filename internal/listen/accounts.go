package listen

import "time"

// settleAccounts passes on what has become of other processes' broadcasts.
func (g *Group) settleAccounts(now time.Time) {
	attendance := g.attendance.Load()
	if attendance == nil {
		return
	}
	settled := attendance.Settle(now)
	for i := range settled {
		g.config.Observer.BroadcastSettled(&settled[i])
	}
}

// endAccounts passes on what is left when the group has ended.
func (g *Group) endAccounts() {
	ending := g.attendance.Load().End(time.Now())
	for i := range ending.Settled {
		g.config.Observer.BroadcastSettled(&ending.Settled[i])
	}
	g.config.Observer.AccountsEnded(&ending)
}
