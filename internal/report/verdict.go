package report

import (
	"fmt"
	"slices"
	"strings"

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
