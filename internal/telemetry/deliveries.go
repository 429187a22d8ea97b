package telemetry

import (
	"fmt"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Sent implements listen.Observer.
func (r *Recorder) Sent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages.sent++
}

// Received implements listen.Observer.
func (r *Recorder) Received() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages.received++
}

// Delivered implements listen.Observer.
func (r *Recorder) Delivered(d ledger.Delivery, lag time.Duration) {
	if d.Late && r.process.LogOnce("late") {
		r.state.Logger.Warnf("pushgw: a delivery came %s after its broadcast was sent, which had been settled before that: it counts as lost; "+
			"a longer settle waits for such deliveries. Only the first such is logged, pushgw_errors{error:LateDelivery} counts all", d.Delay.Round(time.Millisecond))
	}
	if d.Stray && r.process.LogOnce(listen.StrayDelivery) {
		r.state.Logger.Warnf("pushgw: a listener received a broadcast that was meant for %s; only the first such is logged, "+
			"pushgw_errors{error:StrayDelivery} counts all", strayed(d.Strayed))
	}
	if r.recordDelivery(d, lag) >= flushAt {
		r.Flush()
	}
}

// strayed says whom a stray broadcast was meant for.
func strayed(s *ledger.Strayed) string {
	if s == nil {
		return "another listener"
	}
	return fmt.Sprintf("another room, subscription or channel: for the audience %.200q, and the listener is of %.200q", s.Meant, s.Reached)
}

// recordDelivery returns how many observations wait to be pushed.
func (r *Recorder) recordDelivery(d ledger.Delivery, lag time.Duration) (waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tags, received := r.originTags(d.Local), &r.messages.remote
	if d.Local {
		received = &r.messages.local
	}
	if r.process.Results != nil {
		r.deliveries = append(r.deliveries, result.Delivery{
			Origin: d.Origin, Local: d.Local, Duplicate: d.Duplicate, Reordered: d.Reordered, Late: d.Late, Delay: d.Delay, Lag: lag,
		})
	}
	if d.Duplicate {
		r.count(r.metrics.Duplicated, tags, 1)
		return len(r.observations)
	}
	*received++
	if d.Reordered {
		r.count(r.metrics.Reordered, tags, 1)
	}
	if r.clocks == nil {
		r.clocks = make(clocks) // most of ten thousand recorders may never hear anything
	}
	if r.clocks.record(d) {
		r.countError(clockSkew)
	}
	r.observe(r.metrics.RespDelay, tags, metrics.D(d.Delay))
	r.observe(r.metrics.ReadLag, r.tags.Tags, metrics.D(lag))
	return len(r.observations)
}

// Unstamped implements listen.Observer.
func (r *Recorder) Unstamped(message []byte) {
	r.Erred(listen.NoStamp)
	if r.process.LogOnce("no stamp") {
		const shown = 100
		r.state.Logger.Warnf("pushgw: a listener read a message without a stamp, so it counts as no delivery; it begins %q. "+
			"Do the subscription and the mutation both select the field that has the stamp? Does somebody else publish here (then set stampPattern)? "+
			"Only the first such is logged, pushgw_errors{error:NoStamp} counts all", message[:min(len(message), shown)])
	}
}

// clockSkew is the error that is counted where two clocks seem to differ.
const clockSkew = "ClockSkew"

// judgeClocks warns of origins whose deliveries came before they were sent, each of which was
// counted when it came.
func (r *Recorder) judgeClocks() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for origin, clock := range r.clocks {
		text := clock.warning(origin)
		if text == "" {
			continue
		}
		if r.process.LogForeignOnce(fmt.Sprintf("clock skew of %08x", origin.id)) {
			r.state.Logger.Warn("pushgw: " + text)
		}
	}
}
