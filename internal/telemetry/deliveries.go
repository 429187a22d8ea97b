package telemetry

import (
	"fmt"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
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
	if r.recordDelivery(d, lag) >= flushAt {
		r.Flush()
	}
}

// recordDelivery returns how many observations wait to be pushed.
func (r *Recorder) recordDelivery(d ledger.Delivery, lag time.Duration) (waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tags, received := r.remote, &r.messages.remote
	if d.Local {
		tags, received = r.local, &r.messages.local
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

// clockSkew is the error that is counted where two clocks seem to differ.
const clockSkew = "ClockSkew"

// judgeClocks warns of origins whose clock seems to differ.
func (r *Recorder) judgeClocks() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for origin, clock := range r.clocks {
		text := clock.warning(origin)
		if text == "" {
			continue
		}
		if clock.negative == 0 { // else each negative delay was counted when it came
			r.countError(clockSkew)
		}
		if r.process.LogOnce(fmt.Sprintf("clock skew of %08x", origin.id)) {
			r.state.Logger.Warn("pushgw: " + text)
		}
	}
}
