package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Bounds are between which a receiver's clock is ahead of a publisher's. The zero value
// says that they are the same clock.
type Bounds struct{ Low, High time.Duration }

// Where nothing bounds a side.
const (
	noLow  = time.Duration(math.MinInt64 / 4)
	noHigh = time.Duration(math.MaxInt64 / 4)
)

// Known reports whether both sides are bounded.
func (b Bounds) Known() bool { return b.Low > noLow && b.High < noHigh }

// Excludes reports whether the two clocks are known to differ.
func (b Bounds) Excludes() bool { return b.Low > 0 || b.High < 0 }

// Width is how wide the bounds are.
func (b Bounds) Width() time.Duration {
	if !b.Known() {
		return noHigh
	}
	return b.High - b.Low
}

func (b Bounds) union(other Bounds) Bounds {
	return Bounds{min(b.Low, other.Low), max(b.High, other.High)}
}

// middle is the best that is known of the difference: a bound's other side may be missing.
func (b Bounds) middle() time.Duration {
	switch {
	case b.Known():
		return b.Low + (b.High-b.Low)/2
	case b.High < noHigh:
		return b.High
	case b.Low > noLow:
		return b.Low
	default:
		return 0
	}
}

// minus returns the bounds after a correction by d.
func (b Bounds) minus(d time.Duration) Bounds {
	if b.Low > noLow {
		b.Low -= d
	}
	if b.High < noHigh {
		b.High -= d
	}
	return b
}

// clocks are the bounds between every two processes that heard each other.
type clocks struct {
	correct    bool
	publishers map[result.Origin]*result.File
	bounds     map[pair]Bounds
}

type pair struct{ receiver, publisher *result.File }

func newClocks(files []*result.File, correct bool) *clocks {
	c := &clocks{correct: correct, publishers: make(map[result.Origin]*result.File), bounds: make(map[pair]Bounds)}
	for _, f := range files {
		for _, a := range f.Accounts {
			if a.Local {
				c.publishers[a.Origin] = f
			}
		}
	}
	fastest, found := c.fastest(files), c.found(files)
	for _, receiver := range files {
		for _, publisher := range files {
			if receiver == publisher {
				continue
			}
			known, ok := found[pair{receiver, publisher}]
			if !ok {
				known = Bounds{noLow, noHigh}
			}
			c.bounds[pair{receiver, publisher}] = bound(receiver, publisher, fastest, known)
		}
	}
	return c
}

// fastest returns the shortest delay between every two processes, as it was measured.
func (c *clocks) fastest(files []*result.File) map[pair]time.Duration {
	fastest := make(map[pair]time.Duration)
	for _, receiver := range files {
		for _, a := range receiver.Accounts {
			publisher := c.publishers[a.Origin]
			if publisher == nil || publisher == receiver || a.Delay.Count() == 0 {
				continue
			}
			delay := a.Delay.Min() + time.Duration(a.Base)*time.Microsecond
			if known, ok := fastest[pair{receiver, publisher}]; !ok || delay < known {
				fastest[pair{receiver, publisher}] = delay
			}
		}
	}
	return fastest
}

// found returns what the processes themselves have found out of each other's clocks while
// they ran.
func (c *clocks) found(files []*result.File) map[pair]Bounds {
	found := make(map[pair]Bounds)
	for _, receiver := range files {
		for _, a := range receiver.Accounts {
			publisher := c.publishers[a.Origin]
			if publisher == nil || publisher == receiver || a.Clock == nil {
				continue
			}
			known, ok := found[pair{receiver, publisher}]
			if !ok {
				known = Bounds{noLow, noHigh}
			}
			if a.Clock.Least != nil {
				known.Low = max(known.Low, time.Duration(*a.Clock.Least)*time.Microsecond)
			}
			if a.Clock.Most != nil {
				known.High = min(known.High, time.Duration(*a.Clock.Most)*time.Microsecond)
			}
			found[pair{receiver, publisher}] = known
		}
	}
	return found
}

// bound returns what is known of a receiver's clock less a publisher's: what the two
// kernels say, that nothing is received before it is sent, and what they found out of each
// other while they ran. Where they contradict each
// other a kernel is wrong.
func bound(receiver, publisher *result.File, fastest map[pair]time.Duration, found Bounds) Bounds {
	causality := found
	if d, ok := fastest[pair{receiver, publisher}]; ok {
		causality.High = min(causality.High, d)
	}
	if d, ok := fastest[pair{publisher, receiver}]; ok {
		causality.Low = max(causality.Low, -d)
	}
	kernel := kernelBounds(receiver.Clock, publisher.Clock)
	both := Bounds{max(kernel.Low, causality.Low), min(kernel.High, causality.High)}
	if both.Low > both.High {
		return causality
	}
	return both
}

func kernelBounds(a, b result.Clock) Bounds {
	switch {
	case a.Kernel != "" && a.Kernel == b.Kernel:
		return Bounds{}
	case a.Synchronised && b.Synchronised && a.Bound > 0 && b.Bound > 0:
		apart := time.Duration(a.Bound+b.Bound) * time.Microsecond
		return Bounds{-apart, apart}
	default:
		return Bounds{noLow, noHigh}
	}
}

// raw returns the bounds of the difference in the delays that a process measured of an
// origin, as they were measured.
func (c *clocks) raw(receiver *result.File, of result.Origin) Bounds {
	publisher := c.publishers[of]
	switch {
	case of.ID == "": // stampPattern's, which checkClocks tells
		return Bounds{}
	case publisher == nil:
		return Bounds{noLow, noHigh}
	case publisher == receiver:
		return Bounds{}
	default:
		return c.bounds[pair{receiver, publisher}]
	}
}

// correction is by how much the delays are too long, if they are to be corrected.
func (c *clocks) correction(b Bounds) time.Duration {
	if !c.correct || !b.Excludes() {
		return 0
	}
	return b.middle()
}

// boundsOf returns the bounds of what is still wrong with the delays.
func (c *clocks) boundsOf(receiver *result.File, of result.Origin) Bounds {
	b := c.raw(receiver, of)
	return b.minus(c.correction(b))
}

// true returns the delays of an origin as they are to be shown.
func (c *clocks) true(receiver *result.File, of result.Origin, delay *histogram.Distribution) *histogram.Distribution {
	by := -c.correction(c.raw(receiver, of))
	if a := accountOf(receiver, of); a != nil {
		by += time.Duration(a.Base) * time.Microsecond
	}
	if by == 0 || delay == nil {
		return delay
	}
	return delay.Shifted(by)
}

// checkClocks says which clocks differ, and of which nothing is known.
func (r *Run) checkClocks() {
	for _, s := range r.Gateways {
		if slices.ContainsFunc(r.Files, func(f *result.File) bool { return accountOf(f, result.Origin{Gateway: s.Gateway}) != nil }) {
			r.Clocks = append(r.Clocks, "what stampPattern timed was sent by others, of whose clocks nothing is known")
		}
		for _, p := range s.Parts {
			if p.Clock.Excludes() {
				r.Clocks = append(r.Clocks, skewed(p))
			}
		}
	}
}

func skewed(p Part) string {
	by := "behind"
	if p.Clock.Low > 0 {
		by = "ahead of"
	}
	return fmt.Sprintf("the clock of process %d is %s a publisher's by %s or more, so its delays are wrong by that; --correct-clocks corrects them",
		p.Process, by, short(max(p.Clock.Low, -p.Clock.High)))
}

// Certain reports whether the delays are known well enough to be told: the clocks are
// closer together than half of the deliveries took.
func (s *Subject) Certain() bool {
	median := s.Delay.Quantile(0.5)
	return !slices.ContainsFunc(s.Parts, func(p Part) bool {
		return p.Clock.Excludes() || p.Clock.Width() > max(median, 2*time.Millisecond)
	})
}

// Band is how far apart the clocks may be at most, and whether that is known.
func (s *Subject) Band() (time.Duration, bool) {
	widest := Bounds{}
	for _, p := range s.Parts {
		widest = widest.union(p.Clock)
	}
	return max(-widest.Low, widest.High), widest.Known()
}
