package telemetry

import (
	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// BroadcastsSettled implements listen.Observer.
func (r *Recorder) BroadcastsSettled(settled []ledger.Settled) {
	r.Settled(settled, false)
	for i := range settled {
		r.warnOfRemote(&settled[i])
	}
}

// warnOfRemote says what became of another process's broadcast here, once for each kind.
func (r *Recorder) warnOfRemote(b *ledger.Settled) {
	if b.Lost > 0 && r.process.LogOnce("remote lost") {
		r.state.Logger.Warnf("pushgw: of a broadcast of another process %d of %d deliveries here are lost "+
			"(of further ones, pushgw_lost{origin:remote} tells)", b.Lost, b.Expected)
	}
	if b.Indeterminate > 0 && r.process.LogOnce("remote indeterminate") {
		r.state.Logger.Warnf("pushgw: of a broadcast of another process %d of %d deliveries here are indeterminate, neither received nor lost: "+
			"listeners came or left at about that time (of further ones, pushgw_indeterminate{origin:remote} tells)", b.Indeterminate, b.Expected)
	}
}

// PublishersSilent implements listen.Observer.
func (r *Recorder) PublishersSilent(origins []uint32) {
	r.keepUnclosed(origins)
	if r.process.LogOnce("silent") {
		r.state.Logger.Warn("pushgw: a publisher in another process has fallen silent in the midst of its broadcasts: it was killed or cut off, " +
			"or no listener here can hear it. Nobody here knows how many broadcasts there were, so more may be lost than pushgw_lost says (pushgw_unclosed)")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.metrics.Unclosed, r.remote, float64(len(origins)))
}

// AccountsEnded implements listen.Observer.
func (r *Recorder) AccountsEnded(e *ledger.Ending) {
	r.keepUnclosed(e.Unclosed)
	r.keepPlans(e.Plans)
	unclosed := len(e.Unclosed) + e.Unaccounted
	if unclosed > 0 && r.process.LogOnce("unclosed") {
		r.state.Logger.Warnf("pushgw: of the broadcasts of %d other publishers nobody here knows how many there were, because their end was not heard: "+
			"more may be lost than pushgw_lost says (pushgw_unclosed). All processes of a test need the same PUSHGW_RUN or k6's execution segments, "+
			"and listeners that stay until the last broadcast has settled", unclosed)
	}
	if e.Unheard && r.process.LogOnce("unheard of") {
		r.state.Logger.Warn("pushgw: this process is one of several of a test, and its listeners have heard of no broadcast at all, " +
			"so what they lost isn't known (pushgw_unclosed)")
	}
	if e.Unheard {
		unclosed++
	}
	for i := range e.Clocks {
		r.clockKnown(&e.Clocks[i])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if unclosed > 0 {
		r.count(r.metrics.Unclosed, r.remote, float64(unclosed))
	}
}
