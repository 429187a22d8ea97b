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

// warning says what is wrong with the clock of an origin; empty if nothing is known to be.
func (c *clock) warning(o origin) string {
	if c.negative == 0 {
		return ""
	}
	return fmt.Sprintf("clock skew: %d of %d deliveries from origin %08x arrived before they were sent, "+
		"by up to %s: the publisher's clock is ahead of this host's, or a clock was set",
		c.negative, c.deliveries, o.id, -c.fastest)
}

// clockKnown tells what is known of another process's clock: in the result file, in the log,
// and as an error if the clocks differ. Where deliveries came before they were sent, each of
// them was counted. Where there is a result file, the log has no bounds: the report has them,
// and knows whether the two processes have one clock.
func (r *Recorder) clockKnown(d *ledger.ClockDifference) {
	r.keepClock(d)
	behind := d.Least != nil && *d.Least > 0
	if (behind || d.Lies) && r.process.LogForeignOnce(fmt.Sprintf("clock behind of %08x", d.Origin)) {
		r.Erred(clockSkew)
		r.state.Logger.Warn("pushgw: " + skew(d, behind))
	}
	if r.process.Results == nil && r.process.LogForeignOnce(fmt.Sprintf("clock of %08x", d.Origin)) {
		r.state.Logger.Infof("pushgw: unless its publisher runs on this machine, the delays of what origin %08x broadcast are the difference of two clocks: "+
			"this host's is %s the publisher's",
			d.Origin, ahead(d))
	}
}

// skew says how two clocks are known to differ.
func skew(d *ledger.ClockDifference, behind bool) string {
	if behind {
		return fmt.Sprintf("clock skew: the clock of origin %08x is behind this host's by %s or more, and its deliveries took less than "+
			"their delays say by as much", d.Origin, *d.Least)
	}
	return fmt.Sprintf("clock skew: the clock of this host, or that of origin %08x, is farther from the true time than its kernel says; "+
		"what can't be told without comparing them is indeterminate", d.Origin)
}

// ahead says by how much one clock may be ahead of another.
func ahead(d *ledger.ClockDifference) string {
	switch {
	case d.Least == nil && d.Most == nil:
		return "ahead of, or behind, nobody knows by how much,"
	case d.Least == nil:
		return fmt.Sprintf("%s at the most ahead of", *d.Most)
	case d.Most == nil:
		return fmt.Sprintf("%s at the least ahead of", *d.Least)
	default:
		return fmt.Sprintf("between %s and %s ahead of", *d.Least, *d.Most)
	}
}
