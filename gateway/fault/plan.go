package fault

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// kind is a way in which something can go wrong.
type kind int

const (
	dropping kind = iota
	duplicating
	reordering
	delaying
	erring
	refusing
	rejecting
	cutting
	failing
	kinds
)

// plan is the settings that hold at a time, and the counts for every n-th that
// began with them.
type plan struct {
	Settings
	pace   *rate.Limiter // nil if the pace is unlimited
	counts [kinds]atomic.Uint64
}

func newPlan(s Settings) *plan {
	p := &plan{Settings: s}
	if s.Pace > 0 {
		p.pace = rate.NewLimiter(rate.Limit(s.Pace), max(1, int(s.Pace)))
	}
	return p
}

// hits reports whether something goes wrong with what a and b identify. For a
// probability the answer depends only on the seed, the kind, a and b, so it is
// the same in every run, in whatever order goroutines run.
func (p *plan) hits(k kind, c Chance, a, b uint64) bool {
	switch {
	case c.never():
		return false
	case c.every > 0:
		return p.counts[k].Add(1)%c.every == 0
	default:
		return p.random(k, a, b) < c.rate
	}
}

// delay returns how much later what a and b identify is written.
func (p *plan) delay(a, b uint64) time.Duration {
	if p.Delay == (Spread{}) {
		return 0
	}
	return p.Delay.at(p.random(delaying, a, b))
}

// random returns a number from 0 to just below 1.
func (p *plan) random(k kind, a, b uint64) float64 {
	const bits = 53
	x := mix(p.Seed + uint64(k))
	x = mix(x ^ a)
	x = mix(x ^ b)
	return float64(x>>(64-bits)) / (1 << bits)
}

// mix is the output function of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
