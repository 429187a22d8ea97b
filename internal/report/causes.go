package report

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

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
