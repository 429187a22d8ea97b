package report

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Expectation is what a run must come to, such as lost==0: k6's thresholds, for the whole
// test.
type Expectation struct {
	Text    string
	unit    string // of a time for which Text has none
	name    string
	compare string
	value   float64
}

var (
	expectation = regexp.MustCompile(`^\s*([a-z0-9_.]+)\s*(==|!=|<=|>=|<|>)\s*([0-9.]+)\s*(us|ms|s|%)?\s*$`)
	quantile    = regexp.MustCompile(`^p([0-9]{1,2}(?:\.[0-9]+)?)$`)
	units       = map[string]float64{"": 1, "us": 0.001, "ms": 1, "s": 1000, "%": 0.01}
)

// ParseExpectation reads an expectation. Times are in milliseconds, unless they have a unit.
func ParseExpectation(text string) (Expectation, error) {
	parts := expectation.FindStringSubmatch(text)
	if parts == nil {
		return Expectation{}, fmt.Errorf("%q is no expectation such as lost==0, p99<500 or reach>=0.999", text)
	}
	value, err := strconv.ParseFloat(parts[3], 64)
	if err != nil {
		return Expectation{}, fmt.Errorf("%q: %s is no number", text, parts[3])
	}
	name := parts[1]
	timed := quantile.MatchString(name) || slices.Contains(times, name)
	switch {
	case !timed && values[name] == nil:
		return Expectation{}, fmt.Errorf("%q: there is no %s; there are %s, and p50, p99, p99.9 and the like",
			text, name, strings.Join(names(), ", "))
	case timed && parts[4] == "%", !timed && parts[4] != "" && (parts[4] != "%" || name != "reach"):
		return Expectation{}, fmt.Errorf("%q: %s isn't measured in %s", text, name, parts[4])
	}
	e := Expectation{Text: strings.TrimSpace(text), name: name, compare: parts[2], value: value * units[parts[4]]}
	if timed && parts[4] == "" {
		e.unit = " ms"
	}
	return e, nil
}

// times are the names of what is measured in milliseconds, besides quantiles.
var times = []string{"max", "first", "last", "read_lag"}

// values are what can be expected of a gateway's counts and the run's connections.
var values = map[string]func(*Subject) int64{
	"planned":        func(s *Subject) int64 { return s.Planned },
	"sent":           func(s *Subject) int64 { return s.Sent },
	"unsent":         func(s *Subject) int64 { return s.Unsent },
	"expected":       func(s *Subject) int64 { return s.Expected },
	"received":       func(s *Subject) int64 { return s.Received },
	"lost":           func(s *Subject) int64 { return s.Lost() },
	"cut":            func(s *Subject) int64 { return s.Cut },
	"missing":        func(s *Subject) int64 { return s.Missing },
	"missed":         func(s *Subject) int64 { return s.Missed },
	"indeterminate":  func(s *Subject) int64 { return s.Indeterminate },
	"late":           func(s *Subject) int64 { return s.Late },
	"duplicated":     func(s *Subject) int64 { return s.Duplicated },
	"reordered":      func(s *Subject) int64 { return s.Reordered },
	"unclosed":       func(s *Subject) int64 { return s.Unclosed },
	"reach":          func(*Subject) int64 { return 0 }, // a part and no count: see find
	"opened":         func(s *Subject) int64 { return s.Run.Connections.Opened },
	"ready":          func(s *Subject) int64 { return s.Run.Connections.Ready },
	"listeners":      func(s *Subject) int64 { return s.Listeners },
	"connect_failed": func(s *Subject) int64 { return s.Run.Connections.Failed() },
	"closed":         func(s *Subject) int64 { return s.Run.Connections.ClosedByGateway() },
	"errors":         func(s *Subject) int64 { return s.Run.Connections.Errs() },
	"deaf":           func(s *Subject) int64 { return s.Run.Connections.Deaf },
}

func names() []string { return append(slices.Sorted(maps.Keys(values)), times...) }

// Outcome is what came of an expectation, in one run and gateway.
type Outcome struct {
	Expectation string `json:"expectation"`
	Run         string `json:"run"`
	Gateway     string `json:"gateway"`
	Met         bool   `json:"met"`
	// Unknown: too little is known to say whether it is met.
	Unknown bool `json:"unknown"`
	// Found is the value that was compared, or why there is none.
	Found string `json:"found"`
	unit  string // where the expectation leaves it out
}

// Text is the expectation with its unit.
func (o Outcome) Text() string { return o.Expectation + o.unit }

// Check holds the expectation against every gateway of a run. What isn't known meets none.
func (e *Expectation) Check(r *Run) []Outcome {
	if len(r.Gateways) == 0 {
		return []Outcome{{Expectation: e.Text, unit: e.unit, Run: r.Name, Found: "nothing was measured", Unknown: r.Incomplete}}
	}
	var outcomes []Outcome
	for _, s := range r.Gateways {
		o := Outcome{Expectation: e.Text, unit: e.unit, Run: r.Name, Gateway: s.Gateway}
		found, text, none := e.find(s)
		switch {
		case none != "":
			o.Found, o.Unknown = strings.CutPrefix(none, notKnown)
		default:
			o.Found, o.Met = text, e.holds(found)
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// CheckAll holds expectations against runs.
func CheckAll(expectations []Expectation, runs []*Run) (outcomes []Outcome) {
	for _, r := range runs {
		for _, e := range expectations {
			outcomes = append(outcomes, e.Check(r)...)
		}
	}
	return outcomes
}

// notKnown begins why a value isn't known, rather than that there is none.
const notKnown = "not known: "

// find returns the value and its text, or why there is none.
func (e *Expectation) find(s *Subject) (value float64, text, none string) {
	if slices.Contains(times, e.name) || quantile.MatchString(e.name) {
		d, none := e.duration(s)
		return float64(d) / float64(time.Millisecond), short(d), none
	}
	n := values[e.name](s)
	value, text = float64(n), number(n)
	if e.name == "reach" {
		reach, due := s.Reach()
		if !due && len(s.Run.Unknown) > 0 {
			return 0, "", notKnown + "no delivery is known to have been due"
		}
		if !due {
			return 0, "", "no delivery was due"
		}
		value, text = reach, percent(reach)
	}
	switch {
	case len(s.Run.Unknown) == 0 || e.aboutBroadcasts() && s.allBroadcastsKnown():
		return value, text, ""
	case e.exceededBy(value) && !s.Run.mixed:
		return value, "at least " + text, ""
	default:
		return 0, "", notKnown + text + " as far as is known"
	}
}

// aboutBroadcasts reports whether publishers alone know the value.
func (e *Expectation) aboutBroadcasts() bool {
	return slices.Contains([]string{"planned", "sent", "unsent"}, e.name)
}

// allBroadcastsKnown reports whether all publishers have told what they sent, and no process is
// missing that may be another.
func (s *Subject) allBroadcastsKnown() bool {
	return s.Sent > 0 && s.Running == 0 && len(s.Run.Missing) == 0 && !s.Run.mixed
}

// exceededBy reports whether a count is too large already, so that more of it changes nothing.
func (e *Expectation) exceededBy(count float64) bool {
	switch e.compare {
	case "==", "<=":
		return e.name != "reach" && count > e.value
	case "<":
		return e.name != "reach" && count >= e.value
	default:
		return false
	}
}

func (e *Expectation) duration(s *Subject) (d time.Duration, none string) {
	switch {
	case s.Run.Incomplete:
		return 0, notKnown + "not all processes have told all that they received"
	case e.name == "read_lag" && s.Run.ReadLag.Count() == 0:
		return 0, "nothing was read"
	case e.name == "read_lag":
		return s.Run.ReadLag.Quantile(0.99), ""
	case s.Delay.Count() == 0:
		return 0, "nothing was received"
	case !s.Certain():
		return 0, notKnown + "how far apart the clocks are isn't known well enough"
	}
	switch e.name {
	case "max":
		return s.Delay.Max(), ""
	case "first", "last":
		if s.Reached == 0 {
			return 0, "no broadcast is known to have reached anybody"
		}
		if e.name == "first" {
			return s.First, ""
		}
		return s.Last, ""
	}
	q, _ := strconv.ParseFloat(quantile.FindStringSubmatch(e.name)[1], 64)
	return s.Delay.Quantile(q / 100), ""
}

func (e *Expectation) holds(found float64) bool {
	order := cmp.Compare(found, e.value)
	switch e.compare {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}
