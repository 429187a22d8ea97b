package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Good    Level = "good"
	Bad     Level = "bad"     // the gateway's or the network's, or the test isn't whole
	Suspect Level = "suspect" // the load generator's, or unknown
	None    Level = "none"    // nothing was there to be judged
)

// Verdict answers what a reader asks first.
type Verdict struct {
	Level    Level
	Headline string
	When     string // empty where nothing was lost
	Causes   []string
}

// Verdict says how many deliveries of a run were lost, when and why.
func (r *Run) Verdict() Verdict {
	c := r.counts()
	v := Verdict{Causes: r.causes(&c), When: r.when()}
	v.Level, v.Headline = r.headline(&c)
	if late := r.Health().Late; len(late) > 0 {
		v.Causes = append(v.Causes, "Delays: part of them is the load generator's own, because "+strings.Join(late, "; ")+".")
		if v.Level == Good {
			v.Level = Suspect
			v.Headline += "; part of the delays is the load generator's own"
		}
	}
	return v
}

func (r *Run) headline(c *Counts) (Level, string) {
	due := c.Received + c.Lost()
	switch {
	case c.Lost() > 0:
		return Bad, r.lossHeadline(c)
	case len(r.Unknown) > 0:
		return Bad, r.unknownHeadline(c)
	case due == 0 && c.Unaccounted > 0:
		return Good, fmt.Sprintf("%s of others' broadcasts were timed; nothing is known of losses", number(c.Unaccounted))
	case due == 0 && c.Sent == 0:
		return r.nothingHeadline(c)
	case due == 0:
		return Suspect, "Nobody was there to hear the broadcasts"
	}
	if but := r.but(c); but != "" {
		return Bad, fmt.Sprintf("None of %s was lost, but %s", plural(due, "delivery", "deliveries"), but)
	}
	return Good, fmt.Sprintf("No delivery was lost: all %s were received", number(due))
}

func (r *Run) lossHeadline(c *Counts) string {
	due := c.Received + c.Lost()
	part := percent(float64(c.Lost()) / float64(due))
	text := fmt.Sprintf("%s of %s were lost (%s)", number(c.Lost()), plural(due, "delivery", "deliveries"), part)
	if len(r.Unknown) > 0 {
		text = fmt.Sprintf("At least %s lost, %s of the %s known", plural(c.Lost(), "delivery was", "deliveries were"), part, number(due))
	}
	if c.Missed > 0 {
		text += fmt.Sprintf(", and %s more missed", number(c.Missed))
	}
	for _, why := range append(r.moreUnknown("more"), r.cutShort()...) {
		text += "; " + why
	}
	return text
}

// moreUnknown says how much more there is of which it isn't known whether it was lost. What
// names it: "more", or "deliveries".
func (r *Run) moreUnknown(what string) []string {
	switch most, known := r.unaccounted(""); {
	case len(r.Unknown) == 0 || known && most == 0:
		return nil
	case known:
		return []string{fmt.Sprintf("up to %s %s aren't accounted for", number(most), what)}
	default:
		return []string{"it isn't known how many " + what + " were lost"}
	}
}

// cutShort says what kept the run, or its account, from being whole: the worst, if anything.
func (r *Run) cutShort() []string {
	if e := r.Aborted(); e != nil {
		return []string{e.what()}
	}
	return r.broken[:min(len(r.broken), 1)]
}

// unknownHeadline is what there is to say where nothing is known to be lost of so many, and not
// all is known: what isn't comes first.
func (r *Run) unknownHeadline(c *Counts) string {
	due := c.Received + c.Lost()
	if due == 0 && c.Sent == 0 {
		return r.nothingKnownHeadline(c)
	}
	says := r.cutShort()
	if c.Missed > 0 {
		says = append(says, plural(c.Missed, "delivery was", "deliveries were")+" missed")
	}
	if most, known := r.unaccounted(""); known && most > 0 {
		says = append(says, r.moreUnknown("deliveries")...)
	} else if len(says) == 0 {
		says = append(says, "not all losses are known")
	}
	none := "no delivery is known to have been due"
	if due > 0 {
		none = fmt.Sprintf("none of the %s was lost", plural(due, "known delivery", "known deliveries"))
	}
	return upper(strings.Join(append(says, none), "; "))
}

// nothingKnownHeadline is what there is to say where no broadcast is known, and not all is known.
func (r *Run) nothingKnownHeadline(c *Counts) string {
	nothing := "nothing is known to have been broadcast"
	if reason := r.whyNothing(c); reason != "" {
		return upper(nothing) + ": " + reason
	}
	if !slices.ContainsFunc(r.Files, func(f *result.File) bool { return f.State != result.Ended || publishes(f) }) {
		nothing = "no process that left a file published"
	}
	return upper(strings.Join(append(r.cutShort(), nothing), "; "))
}

func (r *Run) nothingHeadline(c *Counts) (Level, string) {
	level, text := Good, "Nothing was broadcast"
	if c.Unsent > 0 {
		level, text = Bad, fmt.Sprintf("None of %s was sent", plural(c.Planned, "planned broadcast", "planned broadcasts"))
	}
	if why := r.whyNothing(c); why != "" {
		return Bad, text + ": " + why
	}
	if len(r.Endings) > 0 {
		return Bad, text + ", and " + r.Endings[0].what()
	}
	return level, text
}

// whyNothing is why nothing was sent, as far as that is known.
func (r *Run) whyNothing(c *Counts) string {
	if r.Aborted() == nil && len(r.Connections.Barriers) > 0 {
		return "ready() was rejected"
	}
	without := *c
	without.Unsent = 0 // that isn't why, it is what
	return r.mishap(&without)
}

// but is the worst that went wrong where nothing was lost.
func (r *Run) but(c *Counts) string {
	text := r.mishap(c)
	if text == "" && len(r.Endings) > 0 {
		text = r.Endings[0].what()
	}
	return text
}

// mishap is the worst that went wrong while the test ran.
func (r *Run) mishap(c *Counts) string {
	aborted := r.Aborted()
	switch failed, closed := r.Connections.Failed(), r.Connections.ClosedByGateway(); {
	case aborted != nil:
		return aborted.what()
	case c.Missed > 0:
		return plural(c.Missed, "delivery was", "deliveries were") + " missed"
	case failed > 0:
		return plural(failed, "connection", "connections") + " failed"
	case r.Connections.Deaf > 0:
		return plural(r.Connections.Deaf, "listener was", "listeners were") + " deaf"
	case closed > 0:
		return "the gateway closed " + plural(closed, "connection", "connections")
	case c.Unsent > 0:
		return plural(c.Unsent, "broadcast was", "broadcasts were") + " never sent"
	case c.Indeterminate > 0:
		return plural(c.Indeterminate, "is", "are") + " indeterminate"
	case len(r.Connections.Barriers) > 0:
		return "ready() was rejected"
	default:
		return ""
	}
}

// counts are those of all gateways.
func (r *Run) counts() (sum Counts) {
	for _, s := range r.Gateways {
		sum.Planned += s.Planned
		sum.Sent += s.Sent
		sum.Unsent += s.Unsent
		sum.Received += s.Received
		sum.Missing += s.Missing
		sum.Cut += s.Cut
		sum.Indeterminate += s.Indeterminate
		sum.Open += s.Open
		sum.Missed += s.Missed
		sum.Late += s.Late
		sum.Unaccounted += s.Unaccounted
	}
	return sum
}

// causes says, a sentence each, what is behind losses, and what else went wrong.
func (r *Run) causes(c *Counts) (causes []string) {
	say := func(n int64, format string, args ...any) {
		if n > 0 {
			causes = append(causes, fmt.Sprintf(format, args...))
		}
	}
	for at := range r.Endings {
		if r.Endings[at].Aborted() {
			causes = append(causes, r.Endings[at].Sentence(r))
		}
	}
	for _, b := range r.Connections.Barriers {
		causes = append(causes, fmt.Sprintf("ready() was rejected in process %d: %s.", b.Process, strings.TrimPrefix(strings.TrimSuffix(b.Text, "."), "ready(): ")))
	}
	closings := r.closings()
	say(c.Cut, "Cut: %s due to listeners whose connection was ended by the gateway or the network%s.", plural(c.Cut, "was", "were"), closings)
	late := "never came"
	if c.Late > 0 {
		late = "hadn't come when their broadcasts were settled"
	}
	say(c.Missing, "Missing: %s %s, though their listeners stayed connected.", number(c.Missing), late)
	advice := ""
	if c.Missing > 0 {
		advice = "; a longer settle waits for such"
	}
	say(c.Late, "Late: %s came after their broadcasts were settled%s.", number(c.Late), advice)
	say(c.Missed, "Missed: %s sent while a listener that had been cut off was away, so they weren't due, and aren't counted as lost.", plural(c.Missed, "was", "were"))
	for _, f := range r.Connections.Failures {
		causes = append(causes, failureSentence(f))
	}
	say(r.Connections.Deaf, "Deaf: %s acknowledged, and heard nothing.", plural(r.Connections.Deaf, "listener was", "listeners were"))
	if c.Cut == 0 && closings != "" {
		causes = append(causes, "The gateway or the network ended connections"+closings+".")
	}
	say(c.Unsent, "Unsent: %s of %s.", number(c.Unsent), plural(c.Planned, "planned broadcast", "planned broadcasts"))
	say(c.Indeterminate, "Indeterminate: of %s it can't be known whether they were lost, because their listeners came, left or were cut off at about that time.",
		plural(c.Indeterminate, "delivery", "deliveries"))
	for at := range r.Endings {
		if !r.Endings[at].Aborted() {
			causes = append(causes, r.Endings[at].Sentence(r))
		}
	}
	return causes
}

// closings says how many connections the gateway or the network ended, when, and with which
// codes; nothing, if it ended none.
func (r *Run) closings() string {
	all := r.Connections.ClosedByGateway()
	if all == 0 {
		return ""
	}
	var codes []string
	for _, closing := range r.Connections.Closings {
		if closing.By != "gateway" {
			continue
		}
		code := codeText(closing.Code)
		if closing.Count < all {
			code = number(closing.Count) + " with " + code
		}
		codes = append(codes, code)
	}
	return fmt.Sprintf(": %s of %s%s, %s", number(all), number(r.Connections.Ready), r.whenClosed(), list(codes[:min(len(codes), 3)]))
}

// whenClosed is when the gateway ended connections.
func (r *Run) whenClosed() string {
	var first, last int64
	for _, i := range r.Intervals.List {
		if i.Closed > 0 {
			if first == 0 {
				first = i.Start
			}
			last = i.Start
		}
	}
	switch from, to := clockTime(time.UnixMilli(first)), clockTime(time.UnixMilli(last)); {
	case first == 0:
		return ""
	case from == to:
		return " at " + from
	default:
		return " from " + from + " to " + to
	}
}

// codeText is a close code, and what RFC 6455, section 7.4.1, says of it.
func codeText(code string) string {
	meanings := map[string]string{
		"1000": "normal", "1001": "going away", "1002": "protocol error", "1006": "no close frame", "1009": "message too big",
		"1011": "internal error", "1012": "restart", "1013": "try again later",
	}
	if meaning := meanings[code]; meaning != "" {
		return "code " + code + " (" + meaning + ")"
	}
	return "code " + code
}

func failureSentence(f result.Failure) string {
	n := plural(f.Count, "connection", "connections")
	if status, err := strconv.Atoi(f.Status); err == nil && status > 0 {
		return strings.TrimSuffix(fmt.Sprintf("Refused: %s with status %s %s", n, f.Status, http.StatusText(status)), " ") + "."
	}
	return fmt.Sprintf("%s failed in phase %s.", n, f.Phase)
}

// when says when the lost deliveries were sent, and the missed ones.
func (r *Run) when() string {
	known := ""
	if len(r.Unknown) > 0 {
		known = " that are known"
	}
	var parts []string
	if at := r.whenSent((*result.Broadcast).Lost); at != "" {
		parts = append(parts, "The lost ones"+known+" were sent "+at)
	}
	if at := r.whenSent(func(b *result.Broadcast) int64 { return b.Missed }); at != "" {
		parts = append(parts, "The missed ones"+known+" were sent "+at)
	}
	return strings.Join(parts, ". ")
}

// whenSent says from when to when all of what is counted was sent, and where nine tenths of it
// were sent in a much shorter time, in which.
func (r *Run) whenSent(count func(*result.Broadcast) int64) string {
	var all []result.Broadcast
	for _, s := range r.Gateways {
		for at := range s.Broadcasts {
			if count(&s.Broadcasts[at]) > 0 {
				all = append(all, s.Broadcasts[at])
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.SortFunc(all, func(a, b result.Broadcast) int { return cmp.Compare(a.SentFirst, b.SentFirst) })
	text, most := timesOf(all), densest(all, count)
	length := func(broadcasts []result.Broadcast) time.Duration {
		return sentUntil(broadcasts).Sub(sentFrom(broadcasts))
	}
	began, ended := r.broadcasting()
	switch {
	case length(most) <= length(all)*8/10 && timesOf(most) != text:
		return text + ", nine in ten of them " + timesOf(most)
	case length(all) > ended.Sub(began)*8/10:
		return "throughout the broadcasts, " + text
	default:
		return text
	}
}

// densest returns those of the broadcasts, which are in the order of their times, that have nine
// tenths of what is counted in as short a time as possible.
func densest(all []result.Broadcast, count func(*result.Broadcast) int64) []result.Broadcast {
	total, within := int64(0), int64(0)
	for at := range all {
		total += count(&all[at])
	}
	need, shortest, length := total-total/10, all, int64(math.MaxInt64)
	for begin, end := 0, 0; begin < len(all); begin++ {
		for ; end < len(all) && within < need; end++ {
			within += count(&all[end])
		}
		if within < need {
			break
		}
		if took := all[end-1].SentLast - all[begin].SentFirst; took < length {
			shortest, length = all[begin:end], took
		}
		within -= count(&all[begin])
	}
	return shortest
}

// sentFrom is when the first of the broadcasts was sent.
func sentFrom(all []result.Broadcast) time.Time { return time.UnixMilli(all[0].SentFirst) }

// sentUntil is when the last of them was sent.
func sentUntil(all []result.Broadcast) time.Time {
	last := all[0].SentLast
	for _, b := range all {
		last = max(last, b.SentLast)
	}
	return time.UnixMilli(last)
}

// timesOf is when broadcasts were sent, as text.
func timesOf(all []result.Broadcast) string {
	first, last := clockTime(sentFrom(all)), clockTime(sentUntil(all))
	if first == last {
		return "at " + first
	}
	return "from " + first + " to " + last
}

// broadcasting is from the first broadcast to the last.
func (r *Run) broadcasting() (began, ended time.Time) {
	for _, s := range r.Gateways {
		for _, b := range s.Broadcasts {
			first, last := time.UnixMilli(b.SentFirst), time.UnixMilli(b.SentLast)
			if began.IsZero() || first.Before(began) {
				began = first
			}
			if last.After(ended) {
				ended = last
			}
		}
	}
	return began, ended
}

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
