package report

import (
	"fmt"
	"time"
)

// Health is whether the load generator was at fault.
type Health struct {
	Level   Level
	Text    string
	Lag     time.Duration // the 99th percentile of the read lag
	Longest Stall
}

// Stall is the longest read lag.
type Stall struct {
	Lag     time.Duration
	Process int
	At      time.Time // the start of its interval
}

// Read lags above these aren't the load of a healthy generator: in themselves, and as a
// part of the delays.
const (
	lagAlways = 50 * time.Millisecond
	lagAtAll  = 5 * time.Millisecond
)

// Health judges the load generator by how late it read what had arrived, and by limits of
// its host that it met.
func (r *Run) Health() Health {
	h := Health{Level: Good, Lag: r.ReadLag.Quantile(0.99), Longest: r.longestLag()}
	var slowest time.Duration
	for _, s := range r.Gateways {
		slowest = max(slowest, s.Delay.Quantile(0.99))
	}
	late := h.Lag > lagAlways || h.Lag > lagAtAll && h.Lag > slowest/2
	switch {
	case len(r.Connections.Limits) > 0:
		h.Level, h.Text = Suspect, "At fault: it met a limit of its own host: "+r.Connections.Limits[0]
	case r.ReadLag.Count() == 0:
		h.Level, h.Text = None, "Nothing was read"
	case late:
		h.Level = Suspect
		h.Text = fmt.Sprintf("Late: 1 in 100 deliveries was read %s or more after it had arrived, the latest %s%s; distrust the delays, and take more or larger machines",
			short(h.Lag), short(h.Longest.Lag), r.placeOf(&h.Longest))
	default:
		h.Text = "Not at fault: it read 99 % of the deliveries within " + short(h.Lag) + " of their arrival"
		if h.Longest.Lag > lagAlways {
			h.Text += fmt.Sprintf(", but one only after %s%s: distrust the longest delays", short(h.Longest.Lag), r.placeOf(&h.Longest))
		}
	}
	return h
}

// longestLag finds the delivery that was read the longest after its arrival.
func (r *Run) longestLag() (longest Stall) {
	for _, f := range r.Files {
		for _, i := range f.Intervals.List {
			if i.ReadLag.Count() > 0 && i.ReadLag.Max() > longest.Lag {
				longest = Stall{i.ReadLag.Max(), f.Process, time.UnixMilli(i.Start)}
			}
		}
	}
	return longest
}

// placeOf says where and when that was.
func (r *Run) placeOf(s *Stall) string {
	if len(r.Files) == 1 {
		return " at " + clockTime(s.At)
	}
	return fmt.Sprintf(" in process %d at %s", s.Process, clockTime(s.At))
}
