package fault

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// kind is what can go wrong with one thing.
type kind int

const (
	dropping kind = iota
	duplicating
	reordering
	delaying
	erring
	refusing
	cutting
	kinds
)

// plan is one setting of the faults, with what has been counted under it.
type plan struct {
	Settings
	pace   *rate.Limiter // nil where any pace will do
	counts [kinds]atomic.Uint64
}

func newPlan(s Settings) *plan {
	p := &plan{Settings: s}
	if s.Pace > 0 {
		p.pace = rate.NewLimiter(rate.Limit(s.Pace), max(1, int(s.Pace)))
	}
	return p
}

// hits says whether something goes wrong with what a and b identify. A
// probability's answer depends on nothing but the seed and these, so it is the
// same in every run, however the goroutines take turns.
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

func (p *plan) delay(a, b uint64) time.Duration {
	if p.Delay == (Spread{}) {
		return 0
	}
	return p.Delay.at(p.random(delaying, a, b))
}

// random is a number from 0 up to 1.
func (p *plan) random(k kind, a, b uint64) float64 {
	const bits = 53
	x := mix(p.Seed + uint64(k)) // a small number
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
