package telemetry

import (
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// Settled records a closed series and pushes it.
func (r *Recorder) Settled(series *ledger.Result) {
	r.recordResult(series)
	r.keepResult(series)
	r.pushReach(series.Received, 1)
	r.pushReach(series.Lost, 0)
	r.Flush()
}

func (r *Recorder) recordResult(series *ledger.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// What went well is shown as zero, rather than not at all.
	r.count(r.metrics.Lost, r.tags.Tags.With("cause", "cut"), float64(series.Cut))
	r.count(r.metrics.Lost, r.tags.Tags.With("cause", "missing"), float64(series.Lost-series.Cut))
	r.count(r.metrics.Missed, r.tags.Tags, float64(series.Missed))
	r.count(r.metrics.Unsent, r.tags.Tags, float64(series.Unsent))
	r.count(r.metrics.Duplicated, r.local, 0)
	r.count(r.metrics.Reordered, r.local, 0)
	r.count(r.metrics.Indeterminate, r.tags.Tags, float64(series.Indeterminate))
	for _, fanout := range series.Fanouts {
		r.observe(r.metrics.FanoutFirst, r.tags.Tags, metrics.D(fanout.First))
		r.observe(r.metrics.FanoutLast, r.tags.Tags, metrics.D(fanout.Last))
	}
}

// pushReach pushes one value for each delivery that was due, because that is how a
// Rate of k6 is weighted. The samples are all alike and nobody changes them, so what
// may be millions are pushed as one batch again and again.
func (r *Recorder) pushReach(deliveries int64, v float64) {
	batch := make(metrics.Samples, min(deliveries, flushAt))
	for i := range batch {
		batch[i] = metrics.Sample{
			TimeSeries: metrics.TimeSeries{Metric: r.metrics.Reach, Tags: r.tags.Tags},
			Time:       time.Now(), Value: v, Metadata: r.tags.Metadata,
		}
	}
	for deliveries > 0 {
		n := min(deliveries, flushAt)
		r.push(batch[:n])
		deliveries -= n
	}
}

// CountDeaf records how many listeners a barrier with canaries found deaf.
func (r *Recorder) CountDeaf(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.metrics.Deaf, r.tags.Tags, float64(n))
}
