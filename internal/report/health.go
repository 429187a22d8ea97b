package report

import (
	"fmt"
	"time"
)

// Health is whether the load generator was at fault.
type Health struct {
	Level Level
	Text  string
	Lag   time.Duration // the 99th percentile of the read lag
	Worst Stall
}

// Stall is the worst that happened to one process in one interval.
type Stall struct {
	For     time.Duration // the longest read lag, or how long it stood still altogether
	Still   bool          // it stood still
	Process int
	At      time.Time // the start of the interval
}

// Read lags above these aren't the load of a healthy generator: in themselves, and as a
// part of the delays.
const (
	lagAlways = 50 * time.Millisecond
	lagAtAll  = 5 * time.Millisecond
)

// tooStill is the part of the time in which processes may stand still before the 99th
// percentile of the delays can be their fault.
const tooStill = 0.01

// Health judges the load generator by how late it read what had arrived, by whether its
// processes stood still, and by limits of its host that it met.
func (r *Run) Health() Health {
	h := Health{Level: Good, Lag: r.ReadLag.Quantile(0.99), Worst: r.worstStall()}
	var slowest time.Duration
	for _, s := range r.Gateways {
		slowest = max(slowest, s.Delay.Quantile(0.99))
	}
	const distrust = "; distrust the delays, and take more or larger machines"
	switch {
	case len(r.Connections.Limits) > 0:
		h.Level, h.Text = Suspect, "At fault: it met a limit of its own host: "+r.Connections.Limits[0]
	case r.ReadLag.Count() == 0:
		h.Level, h.Text = None, "Nothing was read"
	case r.still() > tooStill:
		h.Level = Suspect
		h.Text = fmt.Sprintf("At fault: its processes stood still for %s of the time of the broadcasts; the worst: %s", percent(r.still()), r.describe(&h.Worst)+distrust)
	case h.Lag > lagAlways || h.Lag > lagAtAll && h.Lag > slowest/2:
		h.Level = Suspect
		h.Text = fmt.Sprintf("Late: 1 in 100 deliveries was read %s or more after it had arrived; the worst: %s", short(h.Lag), r.describe(&h.Worst)+distrust)
	default:
		h.Text = "Not at fault: it read 99 % of the deliveries within " + short(h.Lag) + " of their arrival"
		if h.Worst.For > lagAlways {
			h.Text += ", but " + r.describe(&h.Worst) + ": distrust the longest delays"
		}
	}
	return h
}

// InShort is what a table has room for.
func (h Health) InShort() string {
	switch h.Level {
	case None:
		return "–"
	case Good:
		return "not at fault"
	case Bad, Suspect:
		return "at fault"
	default:
		return ""
	}
}

// still is the part of the time of the broadcasts in which processes stood still.
func (r *Run) still() float64 {
	began, ended := r.broadcasting()
	var still int64
	for _, f := range r.Files {
		for _, i := range f.Intervals.List {
			if i.Start+f.Intervals.Length > began.UnixMilli() && i.Start <= ended.UnixMilli() {
				still += i.StoodStill
			}
		}
	}
	all := max(ended.Sub(began), time.Second).Microseconds() * int64(len(r.Files))
	return min(1, float64(still)/float64(all))
}

// worstStall finds the process that stood still the longest while there were broadcasts, or the
// delivery that was read the longest after its arrival, whichever was longer.
func (r *Run) worstStall() (worst Stall) {
	began, ended := r.broadcasting()
	for _, f := range r.Files {
		for _, i := range f.Intervals.List {
			if i.ReadLag.Count() > 0 && i.ReadLag.Max() > worst.For {
				worst = Stall{i.ReadLag.Max(), false, f.Process, time.UnixMilli(i.Start)}
			}
			still := time.Duration(i.StoodStill) * time.Microsecond
			if still > worst.For && i.Start+f.Intervals.Length > began.UnixMilli() && i.Start <= ended.UnixMilli() {
				worst = Stall{still, true, f.Process, time.UnixMilli(i.Start)}
			}
		}
	}
	return worst
}

// describe says what it was, where and when.
func (r *Run) describe(s *Stall) string {
	who, where := "it", ""
	if len(r.Files) > 1 || r.Processes > 1 {
		who = fmt.Sprintf("process %d", s.Process)
		where = " in " + who
	}
	if s.Still {
		return fmt.Sprintf("%s stood still for %s at %s", who, short(s.For), clockTime(s.At))
	}
	return fmt.Sprintf("one delivery was read only after %s%s at %s", short(s.For), where, clockTime(s.At))
}
