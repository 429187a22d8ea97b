package telemetry

import (
	"fmt"

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
		r.state.Logger.Warnf("pushgw: deliveries of another process's broadcasts are lost here, at first %d of %d%s "+
			"(only the first such are logged, pushgw_lost{origin:remote} counts all)", b.Lost, b.Expected, cutAmong(b))
	}
	if b.Indeterminate > 0 && r.process.LogOnce("remote indeterminate") {
		r.state.Logger.Warnf("pushgw: deliveries of another process's broadcasts are indeterminate here, neither received nor lost, at first %d of %d: "+
			"nobody knows whether a listener that came, left or was cut off at about that time was there when the broadcast was sent "+
			"(only the first such are logged, pushgw_indeterminate{origin:remote} counts all)", b.Indeterminate, b.Expected)
	}
}

// cutAmong says how many of the lost deliveries were due to connections that ended; empty if
// none was.
func cutAmong(b *ledger.Settled) string {
	if b.Cut == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of these because the gateway or the network ended the listener's connection first", b.Cut)
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
	r.warnOfUnclosed(e)
	unclosed := len(e.Unclosed) + e.Unaccounted
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

// warnOfUnclosed says why it isn't known what was lost of other processes' broadcasts, once for
// each reason.
func (r *Recorder) warnOfUnclosed(e *ledger.Ending) {
	warn := func(happened bool, key, why string) {
		if happened && r.process.LogOnce(key) {
			r.state.Logger.Warnf("pushgw: nobody here knows how many broadcasts other processes have sent, because %s. "+
				"More may be lost than pushgw_lost says (pushgw_unclosed)", why)
		}
	}
	ours := len(e.Unclosed) - e.Strangers
	warn(ours > 0, "unclosed", fmt.Sprintf("their end was not heard (publishers: %d): "+
		"the publisher was killed or cut off, or the listeners here had left or were cut off before it ended", ours))
	warn(e.Strangers > 0, "unclosed strangers", fmt.Sprintf("a publisher has not told that it is of this test (publishers: %d): "+
		"it was started without the same PUSHGW_RUN or k6's execution segments, or is no part of the test", e.Strangers))
	warn(e.Unaccounted > 0, "unaccounted", "there are more publishers than accounts are kept of")
	if e.Awaited && r.process.LogOnce("unheard of") {
		r.state.Logger.Warn("pushgw: this process is one of several of a test, and its listeners have heard of no broadcast at all, " +
			"so what they lost isn't known (pushgw_unclosed)")
	}
}
