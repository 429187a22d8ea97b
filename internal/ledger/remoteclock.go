package ledger

import (
	"sync/atomic"
	"time"
)

// remoteClock is what is known of how far this host's clock is ahead of a publisher's:
// between which two differences. Reading takes no lock; changes are made under the
// audience's.
type remoteClock struct {
	least, most atomic.Int64 // instants, of the differences that are possible

	// What causality tells, and by how much the two kernels say that their clocks differ at
	// the most; zero if they don't say.
	causalLeast, causalMost instant
	kernel                  time.Duration
}

func (c *remoteClock) init() {
	c.causalLeast, c.causalMost = longAgo, farAhead
	c.update()
}

// bounds returns the least and the most by which this host's clock may be ahead.
func (c *remoteClock) bounds() (least, most instant) {
	return instant(c.least.Load()), instant(c.most.Load())
}

// arrived notes that what was sent no earlier than from, by the publisher's clock, came
// here at a time of this host's: no message arrives before it is sent.
func (c *remoteClock) arrived(from, at instant) {
	if from != longAgo && at-from < c.causalMost {
		c.causalMost = at - from
		c.update()
	}
}

// reached is arrived of what was sent here at a time, and came to the publisher no later
// than to.
func (c *remoteClock) reached(at, to instant) {
	if at-to > c.causalLeast {
		c.causalLeast = at - to
		c.update()
	}
}

// trust notes that, by what the kernels say, the clocks differ by no more than this.
func (c *remoteClock) trust(most time.Duration) {
	c.kernel = most
	c.update()
}

// lies reports whether what the kernels say can't be true.
func (c *remoteClock) lies() bool {
	k := instant(c.kernel)
	return k > 0 && (c.causalMost < -k || c.causalLeast > k)
}

// update makes known what is possible. Causality holds whatever the kernels say.
func (c *remoteClock) update() {
	least, most := c.causalLeast, c.causalMost
	if k := instant(c.kernel); k > 0 && !c.lies() {
		least, most = max(least, -k), min(most, k)
	}
	c.least.Store(int64(least))
	c.most.Store(int64(most))
}

// here returns when, by this host's clock, something happened between two times of the
// publisher's.
func (c *remoteClock) here(from, to instant) (since, until instant) {
	least, most := c.bounds()
	return sum(from, least, longAgo), sum(to, most, farAhead)
}

// sum is a + b, or unknown if one of them is.
func sum(a, b, unknown instant) instant {
	if a == longAgo || a == farAhead || b == longAgo || b == farAhead {
		return unknown
	}
	return a + b
}

// ClockDifference is by how much this process's clock is ahead of a publisher's, at the
// least and at the most, as far as that is known.
type ClockDifference struct {
	Origin      uint32
	Least, Most *time.Duration // nil where nothing is known
	// Lies: what the two kernels say of their clocks can't be true.
	Lies bool
}

// Excludes reports whether the two clocks are known to differ.
func (d *ClockDifference) Excludes() bool {
	return d.Least != nil && *d.Least > 0 || d.Most != nil && *d.Most < 0
}

// difference returns what is known of an origin's clock. Offset is by how much this
// process's clock differs from the system's, by which arrivals are dated here.
func (c *remoteClock) difference(origin uint32, offset time.Duration) ClockDifference {
	least, most := c.bounds()
	return ClockDifference{
		Origin: origin, Lies: c.lies(), Least: unless(longAgo, least, offset), Most: unless(farAhead, most, offset),
	}
}

// unless returns a known difference and the offset; nil if it is unknown.
func unless(unknown, difference instant, offset time.Duration) *time.Duration {
	if difference == unknown {
		return nil
	}
	d := time.Duration(difference) + offset
	return &d
}
