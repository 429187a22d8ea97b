package pushgw

import (
	"fmt"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// account is that of the deliveries of one series. What becomes of each broadcast is recorded
// when that has settled, and so are the times at which it did.
type account struct {
	call     *call
	audience *ledger.Audience
	series   *ledger.Series
	// close ends the series and records the rest. Further calls return the same.
	close func() ledger.Result
}

// openAccount opens the series of a broadcast(). Close must follow.
func (c *call) openAccount(b *broadcastOptions) *account {
	a := &account{call: c, audience: c.client.audience(b.audience)}
	a.series = a.audience.OpenSeries(b.planned, b.settle)
	c.recorder.SeriesBegun(a.audience.Origin(), b.planned)
	stop := c.process().ticker.Add(a.settle)
	a.close = sync.OnceValue(func() ledger.Result {
		stop()
		result := a.series.Close()
		c.recorder.SeriesEnded(&result, b.planned)
		a.warn(&result.Rest)
		return result
	})
	return a
}

// settle records what has settled since the last tick.
func (a *account) settle(now time.Time) {
	settled := a.series.TakeSettled(now)
	a.call.recorder.CountUnsent(settled.Unsent)
	a.call.recorder.Settled(settled.Broadcasts, true)
	a.warn(&settled)
}

// warn logs what the metrics don't tell by themselves.
func (a *account) warn(settled *ledger.Settlement) {
	r := settled.Sum()
	if r.Unheard > 0 && a.call.process().telemetry.LogOnce("unheard") {
		a.call.state.Logger.Warnf("pushgw: nobody was expected to hear broadcasts, at first %d of %d, because %s; "+
			"what listeners of other processes lose is in the accounts of these", r.Unheard, r.Sent, a.call.client.whyUnheard(a.audience))
	}
	a.call.warn(&r)
}

// whyUnheard says why a broadcast to an audience was due to nobody.
func (c *client) whyUnheard(to *ledger.Audience) string {
	members, _ := to.Watch()
	others := c.othersListening(to)
	if members.Ready > 0 || others == "" {
		return "no listener of this process was ready"
	}
	return fmt.Sprintf("no listener is in the audience %q; listeners of this process are ready in %s", to.Name().Key, others)
}

// warn logs, once for the process each, what the metrics don't tell by themselves: of the
// first broadcasts that it happens to.
func (c *call) warn(r *ledger.Result) {
	c.warnOnce(r.Cut > 0, "cut", "deliveries are lost, at first %d of %d, because the gateway or the network ended the listener's connection first "+
		"(only the first such are logged, pushgw_lost{cause:cut} counts all)", r.Cut, r.Expected)
	c.warnOnce(r.Lost > r.Cut, "missing", "deliveries are lost, at first %d of %d: they didn't come within settle of their broadcast%s "+
		"(only the first such are logged, pushgw_lost{cause:missing} counts all)", r.Lost-r.Cut, r.Expected, whyMissing(r))
	c.warnOnce(r.Missed > 0, "missed", "broadcasts went out while listeners of this test were cut off, at first %d deliveries that nobody was there for "+
		"(only the first such are logged, pushgw_missed counts all)", r.Missed)
	c.warnOnce(r.Indeterminate > 0, "indeterminate", "deliveries are indeterminate, neither received nor lost, at first %d of %d: listeners came or left "+
		"while they were under way, or the test ended (only the first such are logged, pushgw_indeterminate counts all)", r.Indeterminate, r.Expected)
}

// elsewhere says what it often means that nobody has heard anything.
const elsewhere = "so they may go elsewhere than where the listeners are: look at the message and its room or channel"

// whyMissing says why deliveries may be missing; empty where that isn't known.
func whyMissing(r *ledger.Result) string {
	if r.Received > 0 {
		return ""
	}
	return "; nobody has heard any, " + elsewhere
}

func (c *call) warnOnce(condition bool, key, format string, args ...any) {
	if condition && c.process().telemetry.LogOnce(key) {
		c.state.Logger.Warnf("pushgw: "+format, args...)
	}
}
