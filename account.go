package pushgw

import (
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// account is that of the deliveries of one series. What becomes of each broadcast is recorded
// when that has settled, and so are the times at which it did.
type account struct {
	call   *call
	series *ledger.Series
	// close ends the series and records the rest. Further calls return the same.
	close func() ledger.Result
}

// openAccount opens the series of a broadcast(). Close must follow.
func (c *call) openAccount(b *broadcastOptions) *account {
	a := &account{call: c, series: c.client.audience(b.audience).OpenSeries(b.planned, b.settle)}
	stop := c.client.module.process.ticker.Add(a.settle)
	a.close = sync.OnceValue(func() ledger.Result {
		stop()
		result := a.series.Close()
		c.recorder.SeriesEnded(&result)
		c.warn(&result.Rest)
		return result
	})
	return a
}

// settle records what has settled since the last tick.
func (a *account) settle(now time.Time) {
	settled := a.series.TakeSettled(now)
	a.call.recorder.CountUnsent(settled.Unsent)
	a.call.recorder.Settled(settled.Broadcasts, true)
	a.call.warn(&settled)
}

// warn logs, once for the process each, what the metrics don't tell by themselves: of the
// first broadcasts that it happens to.
func (c *call) warn(settled *ledger.Settlement) {
	r := settled.Sum()
	c.warnOnce(r.Cut > 0, "cut", "%d of %d deliveries are lost because the gateway or the network ended the listener's connection first "+
		"(of all such, pushgw_lost{cause:cut} tells)", r.Cut, r.Expected)
	c.warnOnce(r.Lost > r.Cut, "missing", "%d of %d deliveries are lost: they didn't come within settle of their broadcast "+
		"(of all such, pushgw_lost{cause:missing} tells)", r.Lost-r.Cut, r.Expected)
	c.warnOnce(r.Missed > 0, "missed", "broadcasts went out while listeners of this test were cut off: %d deliveries that nobody was there for "+
		"(of all such, pushgw_missed tells)", r.Missed)
	c.warnOnce(r.Unheard > 0, "unheard", "nobody was expected to hear %d of %d broadcasts, because no listener of this process was ready; "+
		"what listeners of other processes lose is in the accounts of these", r.Unheard, r.Sent)
	c.warnOnce(r.Indeterminate > 0, "indeterminate", "%d of %d deliveries are indeterminate, neither received nor lost: listeners came or left "+
		"while they were under way, or the test ended (of all such, pushgw_indeterminate tells)", r.Indeterminate, r.Expected)
}

func (c *call) warnOnce(condition bool, key, format string, args ...any) {
	if condition && c.client.module.process.telemetry.LogOnce(key) {
		c.state.Logger.Warnf("pushgw: "+format, args...)
	}
}
