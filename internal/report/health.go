package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Health is whether the load generator was at fault.
type Health struct {
	Level   Level
	AtFault bool     // for the delays, or because a process was killed
	Late    []string // what made it late, so that part of the delays is its own
	Text    string
	Lag     time.Duration // the 99th percentile of the read lag
	Worst   Stall
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

// Health judges the load generator by whether its processes came to their end, by how late it
// read what had arrived, by whether its processes stood still, and by limits of its host that
// it met.
func (r *Run) Health() Health {
	h := Health{Level: Good, Lag: r.ReadLag.Quantile(0.99), Worst: r.worstStall()}
	killed := r.killedProcesses()
	h.Late = r.lateness(&h)
	h.AtFault = len(h.Late) > 0 || len(killed) > 0
	switch {
	case len(h.Late) > 0:
		h.Level = Suspect
		h.Text = "Part of the delays is its own: " + strings.Join(h.Late, "; ")
		if h.Worst.For > 0 {
			h.Text += " (the worst: " + r.describe(&h.Worst) + ")"
		}
		h.Text += ". Take more or larger machines"
	case r.ReadLag.Count() == 0:
		h.Level, h.Text = None, upper(r.nothing("read"))
	default:
		not := "Not at fault"
		if r.Incomplete {
			h.Level, not = Suspect, "As far as is known, not at fault"
		}
		h.Text = not + " for the delays: it read 99 % of the deliveries within " + short(h.Lag) + " of their arrival"
		if h.Worst.For > lagAlways {
			h.Text += ", but " + r.describe(&h.Worst) + ", which may have made the longest delays"
		}
	}
	if len(killed) > 0 {
		h.Level = Suspect
		h.Text = upper(strings.Join(killed, "; ")) + ". " + h.Text
	}
	return h
}

// killedProcesses says which processes haven't ended.
func (r *Run) killedProcesses() (killed []string) {
	for _, f := range r.Files {
		if f.State != result.Ended {
			killed = append(killed, fmt.Sprintf("process %d %s", f.Process, r.killed(f)))
		}
	}
	return killed
}

// lateness says what made the load generator late, if anything did.
func (r *Run) lateness(h *Health) (late []string) {
	var slowest time.Duration
	for _, s := range r.Gateways {
		slowest = max(slowest, s.Delay.Quantile(0.99))
	}
	if len(r.Connections.Limits) > 0 {
		late = append(late, "it met a limit of its own host: "+r.Connections.Limits[0])
	}
	switch still, who := r.still(); {
	case still > tooStill:
		late = append(late, fmt.Sprintf("%s stood still for %s of the time of the broadcasts", who, percent(still)))
	case h.Lag > lagAlways || h.Lag > lagAtAll && h.Lag > slowest/2:
		late = append(late, fmt.Sprintf("1 in 100 deliveries was read %s or more after it had arrived", short(h.Lag)))
	}
	return late
}

// InShort is what a table has room for: whether the load generator is at fault for the delays.
func (h Health) InShort() string {
	switch {
	case len(h.Late) > 0:
		return "in part"
	case h.Level == None:
		return "–"
	case h.Level == Good:
		return "no"
	default:
		return "not known"
	}
}

// still is the part of the time of the broadcasts in which processes stood still, and which: all
// of them taken together, or one that publishes, because what it sends late is late for everybody.
func (r *Run) still() (part float64, who string) {
	began, ended := r.broadcasting()
	length := max(ended.Sub(began), time.Second).Microseconds()
	who = "its processes"
	var all int64
	for _, f := range r.Files {
		var still int64
		for _, i := range f.Intervals.List {
			if i.Start+f.Intervals.Length > began.UnixMilli() && i.Start <= ended.UnixMilli() {
				still += i.StoodStill
			}
		}
		all += still
		if own := float64(still) / float64(length); own > part && publishes(f) {
			part, who = own, fmt.Sprintf("process %d, which publishes,", f.Process)
		}
	}
	if together := float64(all) / float64(length*int64(len(r.Files))); together >= part {
		part, who = together, "its processes"
	}
	return min(1, part), who
}

// publishes reports whether a process has published.
func publishes(f *result.File) bool {
	for _, a := range f.Accounts {
		if a.Local {
			return true
		}
	}
	return false
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
