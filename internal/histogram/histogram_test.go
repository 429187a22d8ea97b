package histogram

import (
	"math/rand/v2"
	"slices"
	"sync"
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

func BenchmarkAdd(b *testing.B) {
	h := New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.Add(1234567)
		}
	})
}
