package telemetry

import (
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// batch is what the result file is to have of what take is about to make samples of; nil if
// there is no file. Connections and errors it has by the tags of their samples. The lock
// is held.
func (r *Recorder) batch() *result.Batch {
	if r.process.Results == nil {
		return nil
	}
	b := &result.Batch{Gateway: r.gateway, Deliveries: r.deliveries}
	r.deliveries = nil
	for series, n := range r.counts {
		r.addCount(b, series, int64(n))
	}
	for _, o := range r.observations {
		if o.series.Metric == r.metrics.ReadyTime {
			b.ReadyTimes = append(b.ReadyTimes, time.Duration(o.value*float64(time.Millisecond)))
		}
	}
	return b
}

// addCount adds what a counter counts, if the file is to have it.
func (r *Recorder) addCount(b *result.Batch, series metrics.TimeSeries, n int64) {
	tag := func(name string) string {
		value, _ := series.Tags.Get(name)
		return value
	}
	switch series.Metric {
	case r.state.BuiltinMetrics.WSSessions:
		b.Opened += n
	case r.metrics.Deaf:
		b.Deaf += n
	case r.metrics.ConnectFailed:
		addTo(&b.Failures, result.Failure{Phase: tag("phase"), Status: tag("status")}, n)
	case r.metrics.Closed:
		addTo(&b.Closings, result.Closing{By: tag("by"), Code: tag("code")}, n)
	case r.metrics.Errors:
		addTo(&b.Errors, tag("error"), n)
	}
}

func addTo[K comparable](counts *map[K]int64, key K, n int64) {
	if *counts == nil {
		*counts = make(map[K]int64)
	}
	(*counts)[key] += n
}

// keepSettled enters settled broadcasts in the result file.
func (r *Recorder) keepSettled(broadcasts []ledger.Settled, local bool) {
	if r.process.Results == nil {
		return
	}
	for i := range broadcasts {
		r.process.Results.BroadcastSettled(result.OriginOf(r.gateway, broadcasts[i].Origin), local, broadcastOf(&broadcasts[i]))
	}
}

// SeriesBegun enters in the result file that a series of so many broadcasts of this process
// begins; zero if that isn't known.
func (r *Recorder) SeriesBegun(origin uint32, planned int) {
	if r.process.Results != nil {
		r.process.Results.SeriesBegun(result.OriginOf(r.gateway, origin), int64(planned))
	}
}

// keepSeries enters in the result file that a series of this process has ended, of which so many
// broadcasts were planned when it began.
func (r *Recorder) keepSeries(series *ledger.Result, planned int) {
	if r.process.Results != nil {
		r.process.Results.SeriesEnded(result.OriginOf(r.gateway, series.Origin), int64(series.Planned-planned), int64(series.Unsent))
	}
}

// BarrierFailed enters in the result file why ready() was rejected.
func (r *Recorder) BarrierFailed(err error) {
	if r.process.Results != nil {
		r.process.Results.BarrierFailed(err.Error())
	}
}

// keepPlans enters in the result file how many broadcasts other processes planned.
func (r *Recorder) keepPlans(plans []ledger.HeardPlan) {
	if r.process.Results == nil {
		return
	}
	for _, plan := range plans {
		r.process.Results.PlanHeard(result.OriginOf(r.gateway, plan.Origin), plan.Broadcasts)
	}
}

// keepUnclosed enters in the result file that the accounts of other processes' broadcasts
// ended without anybody knowing how many there were.
func (r *Recorder) keepUnclosed(origins []uint32) {
	if r.process.Results == nil {
		return
	}
	for _, origin := range origins {
		r.process.Results.Unclosed(result.OriginOf(r.gateway, origin))
	}
}

// keepClock enters in the result file what is known of another process's clock.
func (r *Recorder) keepClock(d *ledger.ClockDifference) {
	if r.process.Results != nil {
		r.process.Results.ClockKnown(result.OriginOf(r.gateway, d.Origin), result.ClockBand{Least: micros(d.Least), Most: micros(d.Most)})
	}
}

// micros is a duration in microseconds, if there is one.
func micros(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	n := d.Microseconds()
	return &n
}

// broadcastOf is the result file's form of a settled broadcast.
func broadcastOf(s *ledger.Settled) result.Broadcast {
	b := result.Broadcast{
		From: s.Sequence, To: s.Sequence, Count: 1, SentFirst: s.Sent.UnixMilli(), SentLast: s.Sent.UnixMilli(),
		Expected: s.Expected, Received: s.Received, Missing: s.Lost - s.Cut, Cut: s.Cut, Indeterminate: s.Indeterminate,
		Open: s.Open, Missed: s.Missed, Late: s.Late, Duplicated: s.Duplicated, Reordered: s.Reordered,
	}
	if s.Reached {
		b.Reached, b.First, b.Last = 1, s.Fanout.First.Microseconds(), s.Fanout.Last.Microseconds()
	}
	return b
}
