package telemetry

import (
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// Settled records what became of broadcasts among the listeners of this process, and pushes
// it, with the present time. Local: this process has published them. Their copies and
// reorderings were counted as they came.
func (r *Recorder) Settled(broadcasts []ledger.Settled, local bool) {
	if len(broadcasts) == 0 {
		return
	}
	tags := r.originTags(local)
	received, lost := r.recordSettled(broadcasts, tags)
	r.keepSettled(broadcasts, local)
	r.pushReach(received, 1, tags)
	r.pushReach(lost, 0, tags)
	r.Flush()
}

// originTags are the tags of what has to do with broadcasts of this process, or of another.
func (r *Recorder) originTags(local bool) *metrics.TagSet {
	if local {
		return r.local
	}
	return r.remote
}

func (r *Recorder) recordSettled(broadcasts []ledger.Settled, tags *metrics.TagSet) (received, lost int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cut, missing := tags.With("cause", "cut"), tags.With("cause", "missing")
	for i := range broadcasts {
		b := &broadcasts[i]
		received, lost = received+b.Received, lost+b.Lost
		r.countAny(r.metrics.Lost, cut, b.Cut)
		r.countAny(r.metrics.Lost, missing, b.Lost-b.Cut)
		r.countAny(r.metrics.Missed, tags, b.Missed)
		r.countAny(r.metrics.Indeterminate, tags, b.Indeterminate)
		if b.Reached {
			r.observe(r.metrics.FanoutFirst, tags, metrics.D(b.Fanout.First))
			r.observe(r.metrics.FanoutLast, tags, metrics.D(b.Fanout.Last))
		}
	}
	return received, lost
}

// countAny adds to a counter unless it is nothing, so that there isn't a sample of it for each
// broadcast that went well. The lock is held.
func (r *Recorder) countAny(metric *metrics.Metric, tags *metrics.TagSet, n int64) {
	if n != 0 {
		r.count(metric, tags, float64(n))
	}
}

// showZeros shows what went well as zero, rather than not at all.
func (r *Recorder) showZeros() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.metrics.Lost, r.local.With("cause", "cut"), 0)
	r.count(r.metrics.Lost, r.local.With("cause", "missing"), 0)
	for _, metric := range []*metrics.Metric{r.metrics.Missed, r.metrics.Duplicated, r.metrics.Reordered, r.metrics.Indeterminate} {
		r.count(metric, r.local, 0)
	}
	r.count(r.metrics.Unsent, r.tags.Tags, 0)
}

// CountUnsent records how many planned broadcasts were not sent.
func (r *Recorder) CountUnsent(n int) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.metrics.Unsent, r.tags.Tags, float64(n))
}

// SeriesEnded records a closed series of this process, of which TakeSettled has told all but
// the rest, and pushes it. Planned is what SeriesBegun was told.
func (r *Recorder) SeriesEnded(series *ledger.Result, planned int) {
	r.showZeros()
	r.CountUnsent(series.Rest.Unsent)
	r.Settled(series.Rest.Broadcasts, true)
	r.keepSeries(series, planned)
	r.Flush()
}

// pushReach pushes one value for each delivery that was due, because that is how a
// Rate of k6 is weighted. The samples are all alike and nobody changes them, so what
// may be millions are pushed as one batch again and again.
func (r *Recorder) pushReach(deliveries int64, v float64, tags *metrics.TagSet) {
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
