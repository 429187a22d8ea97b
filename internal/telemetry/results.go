package telemetry

import (
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// Settled records a closed series and pushes it.
func (r *Recorder) Settled(series *ledger.Result) {
	r.recordSeries(series)
	r.keepSeries(series)
	for i := range series.Broadcasts {
		r.settled(&series.Broadcasts[i], true)
	}
	r.Flush()
}

// recordSeries records what holds of a series, and not of each of its broadcasts. What went
// well is shown as zero, rather than not at all.
func (r *Recorder) recordSeries(series *ledger.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.metrics.Unsent, r.tags.Tags, float64(series.Unsent))
	r.countLost(r.local, 0, 0)
	r.count(r.metrics.Missed, r.local, 0)
	r.count(r.metrics.Indeterminate, r.local, 0)
	r.count(r.metrics.Duplicated, r.local, 0)
	r.count(r.metrics.Reordered, r.local, 0)
}

// settled records one broadcast, which this process has sent, or another, and pushes what is
// many values.
func (r *Recorder) settled(b *ledger.Settled, local bool) {
	tags := r.remote
	if local {
		tags = r.local
	}
	r.recordBroadcast(b, tags)
	r.keepBroadcast(b, local)
	r.pushReach(tags, b.Received, 1)
	r.pushReach(tags, b.Lost, 0)
}

func (r *Recorder) recordBroadcast(b *ledger.Settled, tags *metrics.TagSet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.countLost(tags, b.Cut, b.Lost-b.Cut)
	r.count(r.metrics.Missed, tags, float64(b.Missed))
	r.count(r.metrics.Indeterminate, tags, float64(b.Indeterminate))
	if b.Reached {
		r.observe(r.metrics.FanoutFirst, tags, metrics.D(b.Fanout.First))
		r.observe(r.metrics.FanoutLast, tags, metrics.D(b.Fanout.Last))
	}
}

// countLost counts lost deliveries by their cause. The lock is held.
func (r *Recorder) countLost(tags *metrics.TagSet, cut, missing int64) {
	r.count(r.metrics.Lost, tags.With("cause", "cut"), float64(cut))
	r.count(r.metrics.Lost, tags.With("cause", "missing"), float64(missing))
}

// pushReach pushes one value for each delivery that was due, because that is how a
// Rate of k6 is weighted. The samples are all alike and nobody changes them, so what
// may be millions are pushed as one batch again and again.
func (r *Recorder) pushReach(tags *metrics.TagSet, deliveries int64, v float64) {
	batch := make(metrics.Samples, min(deliveries, flushAt))
	for i := range batch {
		batch[i] = metrics.Sample{
			TimeSeries: metrics.TimeSeries{Metric: r.metrics.Reach, Tags: tags},
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
