package result

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A day is told in as many intervals as a few minutes, which lose nothing.
func TestIntervalsStayFew(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	began := time.UnixMilli(1_795_678_849_958)
	const seconds = 24 * 60 * 60
	for s := range seconds {
		now := began.Add(time.Duration(s) * time.Second)
		c.Add(&Batch{Gateway: "apigw", Deliveries: []Delivery{{Origin: 1, Local: true, Delay: time.Millisecond, Lag: time.Microsecond}}}, now)
		c.Gauge(int64(s), map[string]int64{"apigw": int64(s), "events": int64(s)}, now)
	}
	f := c.Snapshot()
	require.LessOrEqual(t, len(f.Intervals.List), mostIntervals)
	require.Greater(t, len(f.Intervals.List), mostIntervals/2-1)
	var deliveries, lags int64
	for at, i := range f.Intervals.List {
		require.Zero(t, i.Start%f.Intervals.Length)
		if at > 0 {
			require.Equal(t, f.Intervals.List[at-1].Start+f.Intervals.Length, i.Start)
		}
		require.Len(t, i.Delays, 1)
		deliveries += i.Delays[0].Delay.Count()
		lags += i.ReadLag.Count()
	}
	require.EqualValues(t, seconds, deliveries)
	require.EqualValues(t, seconds, lags)
	last := f.Intervals.List[len(f.Intervals.List)-1]
	require.EqualValues(t, seconds-1, last.Connections)
	require.EqualValues(t, 2*(seconds-1), last.Listening)
}

// What was gauged holds until it is gauged again, and a clock that is set back makes no
// interval of its own.
func TestGaugesLast(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	began := time.UnixMilli(1_000_000)
	c.Gauge(5, map[string]int64{"apigw": 3, "events": 1}, began)
	c.Add(&Batch{Opened: 1}, began.Add(time.Second))
	c.Add(&Batch{Opened: 2}, began)
	list := c.Snapshot().Intervals.List
	require.Len(t, list, 2)
	require.Equal(t, &Interval{Start: 1_001_000, Connections: 5, Listening: 4, ListeningOn: map[string]int64{"apigw": 3, "events": 1}, Opened: 3}, list[1])
}
