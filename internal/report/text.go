package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Print writes the verdict on a run, and the outcomes of the expectations, as text.
func (r *Run) Print(w io.Writer, outcomes []Outcome) {
	var out strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&out, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	v := r.Verdict()
	fmt.Fprintf(&out, "run %s: %s, %s to %s UTC (%s)\n%s\n%s\n", r.Name, processes(r),
		r.Began.UTC().Format("2006-01-02 15:04:05"), clockTime(r.Ended), r.Ended.Sub(r.Began).Round(time.Second), r.Result(outcomes), v.Headline)
	if v.When != "" {
		line("when", "%s", v.When)
	}
	for _, unknown := range r.Unknown {
		line("unknown", "%s", unknown)
	}
	for _, cause := range v.Causes {
		line("why", "%s", cause)
	}
	for _, s := range r.Gateways {
		line(s.Gateway, "%s", s.sentence())
		if s.Delay.Count() > 0 {
			line("delay", "%s", s.delaySentence())
		}
	}
	line("generator", "%s", r.Health().Text)
	for _, clock := range r.Clocks {
		line("clocks", "%s", clock)
	}
	for _, o := range outcomes {
		if o.Run != r.Name {
			continue
		}
		switch {
		case o.Met:
			line("expected", "%s on %s: met (%s)", o.Text(), o.Gateway, o.Found)
		case o.Unknown:
			line("expected", "%s on %s: NOT KNOWN (%s)", o.Text(), o.Gateway, o.Found)
		default:
			line("expected", "%s on %s: NOT MET (%s)", o.Text(), o.Gateway, o.Found)
		}
	}
	_, _ = io.WriteString(w, out.String())
}

// SentText is how many broadcasts were sent, and of how many. A publisher that was killed
// hasn't told the number, and one without a count hadn't planned any.
func (s *Subject) SentText() string {
	sent, atLeast := s.Planned-s.Unsent, ""
	if s.Running > 0 || s.Sent > sent {
		sent, atLeast = s.Sent, "at least "
	}
	if s.Planned == 0 && sent == 0 {
		return "no broadcast"
	}
	if s.Planned < sent {
		return atLeast + plural(sent, "broadcast", "broadcasts")
	}
	return atLeast + number(sent) + " of " + plural(s.Planned, "broadcast", "broadcasts")
}

// sentence is the account of a gateway in one line.
func (s *Subject) sentence() string {
	text := fmt.Sprintf("sent %s; expected %s = received %s + lost %s + indeterminate %s; missed %s, late %s, duplicated %s, reordered %s",
		s.SentText(), number(s.Expected), number(s.Received), number(s.Lost()),
		number(s.Indeterminate), number(s.Missed), number(s.Late), number(s.Duplicated), number(s.Reordered))
	if len(s.Run.Unknown) > 0 {
		text += "; not accounted for: " + s.NotAccountedFor()
	}
	return text
}

// delaySentence is how long the deliveries took, and how well that is known.
func (s *Subject) delaySentence() string {
	text := fmt.Sprintf("p50 %s, p90 %s, p99 %s, max %s", s.quantile(0.5), s.quantile(0.9), s.quantile(0.99), s.quantile(1))
	if s.Reached > 0 {
		text += fmt.Sprintf("; a broadcast reached its first listener after %s at most, its last after %s", short(s.First), short(s.Last))
	}
	return text + "; " + s.clockSentence() + s.delaysSentence()
}

// delaysSentence is of which deliveries the delays are, where that isn't all of them. A file has
// the delay of every delivery that was read, but an account of settled broadcasts only.
func (s *Subject) delaysSentence() string {
	if !s.Run.Incomplete {
		return ""
	}
	return fmt.Sprintf("; of the %s that are known to have been read, those of broadcasts without an account included",
		plural(s.Delay.Count(), "delivery", "deliveries"))
}

// quantile is one as text, "unknown" where two clocks make it so.
func (s *Subject) quantile(q float64) string {
	switch {
	case s.Delay.Count() == 0:
		return "–"
	case !s.Certain():
		return "unknown"
	default:
		return short(s.Delay.Quantile(q))
	}
}

func (s *Subject) clockSentence() string {
	switch band, known := s.Band(); {
	case !known:
		return "how far apart the clocks are isn't known"
	case band == 0:
		return "measured with one clock"
	default:
		return "clocks ±" + short(band)
	}
}
