// Package histogram counts durations in a fixed few kilobytes, however many there are.
// Many goroutines may add to one histogram without a lock, which HdrHistogram's Go
// package doesn't allow.
package histogram

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Durations are counted in buckets: one for each microsecond up to 128 µs, and from there
// on 64 for each doubling, so that a quantile is off by less than one per cent.
const (
	stepBits  = 6
	steps     = 1 << stepBits
	exact     = 2 * steps
	doublings = 25 // up to 2³² µs, an hour and eleven minutes
	size      = exact + doublings*steps
)

// Histogram is a distribution of durations. Its methods may be called from
// several goroutines at once.
type Histogram struct {
	sum, min, max atomic.Int64 // µs
	buckets       [size]atomic.Uint32
}

// New returns an empty Histogram.
func New() *Histogram {
	h := &Histogram{}
	h.min.Store(math.MaxInt64)
	h.max.Store(math.MinInt64)
	return h
}

// Add counts one duration. A negative one, which two clocks that differ bring about,
// enters the mean and the extremes as it is, and the quantiles as zero.
func (h *Histogram) Add(d time.Duration) {
	micros := d.Microseconds()
	h.sum.Add(micros)
	replace(&h.min, micros, func(old int64) bool { return micros < old })
	replace(&h.max, micros, func(old int64) bool { return micros > old })
	h.buckets[index(micros)].Add(1)
}

// Summary is what a Histogram held at one moment. All durations are zero if Count is.
type Summary struct {
	Count              int64
	Mean, Min, Max     time.Duration
	P50, P90, P95, P99 time.Duration
}

// Summary returns the distribution so far.
func (h *Histogram) Summary() Summary {
	var counts [size]int64
	s := Summary{}
	for i := range counts {
		counts[i] = int64(h.buckets[i].Load())
		s.Count += counts[i]
	}
	if s.Count == 0 {
		return s
	}
	s.Min, s.Max = micros(h.min.Load()), micros(h.max.Load())
	s.Mean = time.Duration(float64(h.sum.Load()) / float64(s.Count) * float64(time.Microsecond))
	quantile := func(q float64) time.Duration {
		left := int64(math.Ceil(q * float64(s.Count)))
		for i, n := range counts {
			if left -= n; left <= 0 {
				return min(max(micros(middle(i)), s.Min), s.Max)
			}
		}
		return s.Max
	}
	s.P50, s.P90, s.P95, s.P99 = quantile(0.5), quantile(0.9), quantile(0.95), quantile(0.99)
	return s
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// index returns the bucket of a duration.
func index(micros int64) int {
	if micros < exact {
		return int(max(micros, 0))
	}
	doubling := min(bits.Len64(uint64(micros))-stepBits-2, doublings) //nolint:gosec // not negative
	if doubling == doublings {
		return size - 1
	}
	step := int(micros>>(doubling+1)) - steps
	return exact + doubling*steps + step
}

// middle returns the middle of a bucket in microseconds. It is the inverse of index.
func middle(i int) int64 {
	if i < exact {
		return int64(i)
	}
	doubling, step := (i-exact)/steps, (i-exact)%steps
	return int64(steps+step)<<(doubling+1) + 1<<doubling
}

// replace stores with in v while that is better than what v holds.
func replace(v *atomic.Int64, with int64, better func(old int64) bool) {
	for old := v.Load(); better(old); old = v.Load() {
		if v.CompareAndSwap(old, with) {
			return
		}
	}
}
