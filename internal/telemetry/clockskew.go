package telemetry

import (
	"fmt"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// clocks watches for publishers whose clock differs from this host's. It changes
// nothing that is measured: a delay between two clocks stays in the metrics as it was
// read, and a warning says what to think of it.
type clocks map[origin]*clock

// origin is a publishing process, together with the audience that it publishes to.
type origin struct {
	id    uint32
	local bool
}

// clock is what the delays of one origin's broadcasts tell about its clock.
type clock struct {
	deliveries, negative int
	fastest              time.Duration
}

// maxOrigins bounds how many publishers' clocks are watched, because anybody can send
// stamps of ever new ones.
const maxOrigins = 16

// A gateway's fastest delivery is a matter of milliseconds. If even the fastest of
// suspectFrom deliveries took longer than suspectAbove, different clocks are the more
// likely reason.
const (
	suspectFrom  = 20
	suspectAbove = 250 * time.Millisecond
)

// record takes a delivery into account and reports whether it arrived before it was sent.
func (c clocks) record(d ledger.Delivery) (negative bool) {
	from := origin{d.Origin, d.Local}
	known := c[from]
	if known == nil {
		if len(c) == maxOrigins {
			return d.Delay < 0
		}
		known = &clock{fastest: d.Delay}
		c[from] = known
	}
	known.deliveries++
	known.fastest = min(known.fastest, d.Delay)
	if d.Delay < 0 {
		known.negative++
	}
	return d.Delay < 0
}

// warning says what is suspicious about the clock of an origin; empty if nothing is.
func (c *clock) warning(o origin) string {
	switch {
	case c.negative > 0:
		return fmt.Sprintf("clock skew: %d of %d deliveries from origin %08x arrived before they were sent, "+
			"by up to %s: the publisher's clock is ahead of this host's, or a clock was set",
			c.negative, c.deliveries, o.id, -c.fastest)
	case !o.local && c.deliveries >= suspectFrom && c.fastest > suspectAbove:
		return fmt.Sprintf("clock skew is likely: the fastest of %d deliveries from origin %08x took %s: "+
			"unless the gateway is that slow, the publisher's clock is behind this host's",
			c.deliveries, o.id, c.fastest)
	default:
		return ""
	}
}
