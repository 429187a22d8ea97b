package histogram

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnEmptyHistogramIsAllZero(t *testing.T) {
	t.Parallel()
	require.Zero(t, New().Summary())
}

func TestEveryBucketHoldsItsOwnMiddle(t *testing.T) {
	t.Parallel()
	for i := range size {
		require.Equal(t, i, index(middle(i)))
	}
	for micros := range int64(128) {
		require.Equal(t, micros, middle(index(micros)), "short durations are exact")
	}
	require.Equal(t, size-1, index(int64(24*time.Hour/time.Microsecond)))
}

func TestQuantilesAreWithinOnePerCent(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	h := New()
	all := make([]time.Duration, 20_000)
	for i := range all {
		all[i] = time.Duration(random.ExpFloat64() * float64(30*time.Millisecond)).Truncate(time.Microsecond)
	}
	var wait sync.WaitGroup
	for part := range slices.Chunk(all, 1000) {
		wait.Go(func() {
			for _, d := range part {
				h.Add(d)
			}
		})
	}
	wait.Wait()
	slices.Sort(all)
	s := h.Summary()
	require.EqualValues(t, len(all), s.Count)
	require.Equal(t, all[0], s.Min)
	require.Equal(t, all[len(all)-1], s.Max)
	for got, want := range map[time.Duration]time.Duration{
		s.P50: all[len(all)/2-1], s.P90: all[len(all)*9/10-1], s.P95: all[len(all)*95/100-1], s.P99: all[len(all)*99/100-1],
	} {
		require.InEpsilon(t, float64(want), float64(got), 0.01)
	}
}

func TestANegativeDurationIsNotLost(t *testing.T) {
	t.Parallel()
	h := New()
	h.Add(-time.Second)
	h.Add(3 * time.Second)
	s := h.Summary()
	require.EqualValues(t, 2, s.Count)
	require.Equal(t, -time.Second, s.Min)
	require.Equal(t, time.Second, s.Mean)
}

func TestQuantilesOfAFew(t *testing.T) {
	t.Parallel()
	h := New()
	for i := range 10 {
		h.Add(time.Duration(10-i) * time.Microsecond)
	}
	require.Equal(t, Summary{
		Count: 10, Mean: 5500 * time.Nanosecond, Min: time.Microsecond, Max: 10 * time.Microsecond,
		P50: 5 * time.Microsecond, P90: 9 * time.Microsecond, P95: 10 * time.Microsecond, P99: 10 * time.Microsecond,
	}, h.Summary())

	// One value is every quantile, though a bucket knows it only roughly.
	for _, only := range []time.Duration{-3 * time.Second, 0, 300 * time.Microsecond, time.Second, 3 * time.Hour} {
		h = New()
		h.Add(only)
		require.Equal(t, Summary{Count: 1, Mean: only, Min: only, Max: only, P50: only, P90: only, P95: only, P99: only}, h.Summary())
	}
}

// A percent of the longest delays is far from the rest here, so that no quantile can
// stand for another.
func TestQuantilesDiffer(t *testing.T) {
	t.Parallel()
	h := New()
	for i := range 1000 {
		h.Add(time.Duration(i) * time.Millisecond)
	}
	s := h.Summary()
	for _, q := range []struct{ want, got time.Duration }{
		{499 * time.Millisecond, s.P50}, {899 * time.Millisecond, s.P90}, {949 * time.Millisecond, s.P95}, {989 * time.Millisecond, s.P99},
	} {
		require.InEpsilon(t, float64(q.want), float64(q.got), 0.008)
	}
}

// An hour is still told from two: the largest bucket begins beyond it.
func TestTheRange(t *testing.T) {
	t.Parallel()
	h := New()
	for _, d := range []time.Duration{time.Second, time.Hour, time.Hour, 3 * time.Hour} {
		h.Add(d)
	}
	require.InEpsilon(t, float64(time.Hour), float64(h.Summary().P50), 0.008)
}

// Another goroutine's value may come between reading the extreme and replacing it.
func TestReplaceRetries(t *testing.T) {
	t.Parallel()
	var v atomic.Int64
	v.Store(10)
	replace(&v, 3, func(old int64) bool {
		v.CompareAndSwap(10, 7)
		return 3 < old
	})
	require.EqualValues(t, 3, v.Load())
}

func BenchmarkAdd(b *testing.B) {
	h := New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.Add(1234567)
		}
	})
}
