package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

var (
	//go:embed page.gohtml
	pageText string
	//go:embed page.css
	styleText string

	page = template.Must(template.New("page").Funcs(template.FuncMap{
		"number": number, "join": strings.Join, "short": short, "clock": clockTime, "gateway": gatewayName,
		"date":      func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"right":     func(x float64) float64 { return 100 - x },
		"processes": processes, "known": known, "processList": processList, "list": list, "closeCode": codeText,
	}).Parse(pageText))
)

// view is what the page shows.
type view struct {
	Title    string
	Style    template.CSS
	Runs     []runView
	Compared []compared // if there are several
	Charts   []Chart    // that compare them
	Files    []*result.File
}

// runView is what it shows of one run.
type runView struct {
	*Run
	Result   Result
	Verdict  Verdict
	Health   Health
	Tiles    []Tile
	Outcomes []Outcome
	Subjects []subjectView
	Shared   []Chart // of all gateways
	Rows     []row
}

// compared is a gateway of one of several runs.
type compared struct {
	*Subject
	Result Result // of its run
}

type subjectView struct {
	*Subject
	Timeline    []Chart
	Percentiles Chart
}

// Tile is one answer, in large.
type Tile struct {
	Class         Level
	Name          string
	Value, Detail string
}

// row is a process in the table.
type row struct {
	*result.File
	Name                 string
	How                  string // it ended
	Incomplete           bool   // what it has told
	Odd                  bool   // that it did so
	Published            string
	Listeners            int64
	Received             int64
	Lost, Missed, Closed int64
	P99, Max             string
	Lag                  string
	Clock                string
}

// WritePage writes the page: one file that needs neither a network nor JavaScript, and that
// holds the files it was made of.
func (in *Input) WritePage(w io.Writer, runs []*Run, outcomes []Outcome) error {
	v := view{Title: "pushgw", Style: template.CSS(styleText), Files: in.Files} //nolint:gosec // our own
	var names []string
	for _, r := range runs {
		names = append(names, r.Name)
		v.Runs = append(v.Runs, viewOf(r, outcomes))
	}
	v.Title = strings.Join(names, ", ") + " – pushgw report"
	if all := subjects(runs); len(all) > 1 {
		for _, s := range all {
			v.Compared = append(v.Compared, compared{s, s.Run.Result(outcomes)})
		}
		v.Charts = []Chart{againstListeners(all), comparedPercentiles(all)}
	}
	return page.Execute(w, v)
}

func viewOf(r *Run, outcomes []Outcome) runView {
	v := runView{Run: r, Result: r.Result(outcomes), Verdict: r.Verdict(), Health: r.Health(), Shared: []Chart{r.connectionsOverTime(), r.lagOverTime()}}
	for _, o := range outcomes {
		if o.Run == r.Name {
			v.Outcomes = append(v.Outcomes, o)
		}
	}
	for _, s := range r.Gateways {
		v.Subjects = append(v.Subjects, subjectView{
			Subject: s, Timeline: []Chart{s.lossOverTime(), s.heatMap(), s.fanout()}, Percentiles: s.percentiles(),
		})
	}
	for _, f := range r.Files {
		v.Rows = append(v.Rows, r.row(f))
	}
	v.Tiles = []Tile{r.lossTile(), r.delayTile(v.Outcomes), r.healthTile(v.Health)}
	if len(r.Files) > 1 || r.Processes > 1 {
		v.Tiles = append(v.Tiles, r.processTile())
	}
	return v
}

func (r *Run) row(f *result.File) row {
	w := row{
		File: f, Name: r.nameOf(f), How: r.stateOf(f), Published: "–", Listeners: mostListeners(f.Intervals), Closed: closedByGateway(f.Closings),
		P99: "–", Max: "–", Lag: "–",
	}
	w.Incomplete = f.State != result.Ended
	w.Odd = w.Incomplete || f.Conclusion != nil && f.Conclusion.How != result.Completed
	var published int64
	for _, a := range f.Accounts {
		w.Received += a.Heard.First
		for at := range a.Broadcasts {
			w.Lost += a.Broadcasts[at].Lost()
			w.Missed += a.Broadcasts[at].Missed
		}
		if a.Local {
			published += count(a.Broadcasts)
			w.Published = number(published)
		}
	}
	var p99, longest []string
	for _, s := range r.Gateways {
		for _, p := range s.Parts {
			if p.Process == f.Process {
				p99 = append(p99, short(p.Delay.Quantile(0.99)))
				longest = append(longest, short(p.Delay.Max()))
			}
		}
	}
	if len(p99) > 0 { // one for each gateway
		w.P99, w.Max = strings.Join(p99, " / "), strings.Join(longest, " / ")
	}
	lag := r.lagOf(f)
	if lag >= 0 {
		w.Lag = short(lag)
	}
	switch {
	case f.Clock.Synchronised && f.Clock.Bound > 0:
		w.Clock = "±" + short(time.Duration(f.Clock.Bound)*time.Microsecond)
	case r.oneClock():
		w.Clock = "one for all"
	default:
		w.Clock = "not synchronised"
	}
	return w
}

// oneClock reports whether all processes had the same clock, that of one kernel.
func (r *Run) oneClock() bool {
	kernel := r.Files[0].Clock.Kernel
	return kernel != "" && len(r.Missing) == 0 && !slices.ContainsFunc(r.Files, func(f *result.File) bool { return f.Clock.Kernel != kernel })
}

// lagOf is the 99th percentile of a process's read lag, negative where it read nothing.
func (r *Run) lagOf(f *result.File) time.Duration {
	only := &Run{Files: []*result.File{f}}
	only.joinIntervals()
	if only.ReadLag.Count() == 0 {
		return -1
	}
	return only.ReadLag.Quantile(0.99)
}

func (r *Run) lossTile() Tile {
	c, incomplete := r.counts(), len(r.Unknown) > 0
	due := c.Received + c.Lost()
	all := plural(due, "delivery", "deliveries")
	if incomplete {
		all = plural(due, "known delivery", "known deliveries")
	}
	t := Tile{Class: Good, Name: "Lost", Value: known(c.Lost(), incomplete), Detail: "of " + all}
	switch {
	case c.Lost() > 0:
		t.Class = Bad
		t.Detail = fmt.Sprintf("%s of %s", percent(float64(c.Lost())/float64(due)), all)
		if c.Missed > 0 {
			t.Detail += fmt.Sprintf(", and %s more missed", number(c.Missed))
		}
	case c.Missed > 0:
		t = Tile{Bad, "Missed", known(c.Missed, incomplete), "sent while listeners were cut off"}
		if due > 0 {
			t.Detail += fmt.Sprintf("; of %s that were due, none was lost", all)
		}
	case due == 0 && incomplete:
		return Tile{Suspect, "Lost", "not known", "no delivery is known to have been due"}
	case due == 0:
		return Tile{Suspect, "Lost", "–", "nothing was due"}
	case r.but(&c) != "":
		t.Class = None
	}
	if !incomplete {
		return t
	}
	if t.Class != Bad {
		t.Class = Suspect
	}
	t.Detail = strings.Join(append([]string{t.Detail}, r.moreUnknown("more")...), "; ")
	return t
}

// delayTile is the p99 of the delay, of each gateway. It is good only where something was
// received, and where what was expected of a p99 is met.
func (r *Run) delayTile(outcomes []Outcome) Tile {
	t := Tile{Class: Good, Name: "p99 of the delay"}
	var values, details []string
	all := int64(0)
	for _, s := range r.Gateways {
		all += s.Delay.Count()
		if s.Delay.Count() == 0 {
			continue
		}
		values = append(values, s.quantile(0.99))
		detail := "p50 " + s.quantile(0.5) + ", max " + s.quantile(1)
		if !s.Certain() {
			t.Class, detail = Suspect, "the clocks may differ by more"
		}
		if len(r.Gateways) > 1 {
			detail = gatewayName(s.Gateway) + ": " + detail
		}
		details = append(details, detail)
	}
	if len(values) == 0 {
		return unmet(Tile{Class: None, Name: t.Name, Value: "–", Detail: r.nothing("received")}, outcomes)
	}
	if len(r.Health().Late) > 0 {
		t.Class = Suspect
		details = append(details, "includes the load generator's own lateness")
	}
	if r.Incomplete {
		t.Class = Suspect
		details = append(details, "of the "+number(all)+" that are known to have been read")
	}
	t.Value, t.Detail = strings.Join(values, " / "), strings.Join(details, "; ")
	return unmet(t, outcomes)
}

// unmet returns the tile of the p99 with what was expected of it and isn't met.
func unmet(t Tile, outcomes []Outcome) Tile {
	for _, o := range outcomes {
		if o.Met || !strings.HasPrefix(o.Expectation, "p99") || strings.HasPrefix(o.Expectation, "p99.") {
			continue
		}
		if o.Unknown {
			t.Class = Suspect
			continue
		}
		t.Class = Bad
		if text := o.Text() + " isn't met"; !strings.Contains(t.Detail, text) {
			t.Detail += "; " + text
		}
	}
	return t
}

// healthTile is whether part of the delays is the load generator's, and why.
func (r *Run) healthTile(h Health) Tile {
	t := Tile{Class: h.Level, Name: "Load generator at fault for delays", Value: h.InShort(), Detail: strings.Join(h.Late, "; ")}
	switch {
	case len(h.Late) > 0:
	case r.ReadLag.Count() == 0:
		t.Detail = r.nothing("read")
	default:
		t.Detail = "99 % of the deliveries were read within " + short(h.Lag) + " of their arrival"
		if r.Incomplete {
			t.Detail = "of what is known, " + t.Detail
		}
	}
	return t
}

// processTile is how many processes came to their end.
func (r *Run) processTile() Tile {
	all := max(r.Processes, len(r.Files))
	t := Tile{Good, "Processes", fmt.Sprintf("%d of %d", len(r.Files), all), "all came to their end"}
	var what []string
	if killed := r.killedText(); killed != "" {
		what = append(what, killed)
	}
	if len(r.Missing) > 0 {
		what = append(what, fmt.Sprintf("%d missing", len(r.Missing)))
	}
	switch {
	case len(what) > 0:
		t.Class, t.Value, t.Detail = Bad, strings.Join(what, ", "), fmt.Sprintf("of %d", all)
	case r.differ:
		t.Class, t.Value, t.Detail = Bad, fmt.Sprint(len(r.Files)), r.broken[0]
	case len(r.broken) > 0:
		t.Class, t.Detail = Bad, strings.Join(r.broken[:min(len(r.broken), 3)], "; ")
	case r.Aborted() != nil:
		t.Class, t.Detail = Bad, r.Aborted().what()
	case r.Processes == 0:
		t.Detail = "of how many, nobody knows"
	}
	return t
}

// killedText is how many processes were killed, "" if none was.
func (r *Run) killedText() string {
	killed, running := 0, ""
	for _, f := range r.Files {
		if f.State == result.Ended {
			continue
		}
		killed++
		if !r.outlived(f) {
			running = " or still running"
		}
	}
	if killed == 0 {
		return ""
	}
	return fmt.Sprintf("%d killed%s", killed, running)
}

// processes says how many of a run's processes are here, and how many of these have not ended.
func processes(r *Run) string {
	here := plural(int64(len(r.Files)), "process", "processes")
	if r.Processes > 1 && len(r.Files) <= r.Processes && !r.differ {
		here = fmt.Sprintf("%d of %s", len(r.Files), plural(int64(r.Processes), "process", "processes"))
	}
	if len(r.Missing) > 0 {
		here = "files of " + here
	}
	if killed := r.killedText(); killed != "" {
		here += ", " + killed
	}
	return here
}

// Publishers says which process published under which origin, the name that stamps and logs have.
func (r *Run) Publishers() (all []string) {
	for _, f := range r.Files {
		for _, a := range f.Accounts {
			if a.Local {
				all = append(all, fmt.Sprintf("process %s as %s", r.nameOf(f), a.ID))
			}
		}
	}
	return all
}

// ClockSentence is how well the delays are known.
func (s *Subject) ClockSentence() string { return s.clockSentence() }

// DelaysSentence is of which deliveries the delays are, where that isn't all of them.
func (s *Subject) DelaysSentence() string { return s.delaysSentence() }

// Quantile is a quantile as text.
func (s *Subject) Quantile(q float64) string { return s.quantile(q) }

// ReachText is the reach as text.
func (s *Subject) ReachText() string {
	reach, due := s.Reach()
	if !due {
		return "–"
	}
	if len(s.Run.Unknown) > 0 {
		return percent(reach) + " of known"
	}
	return percent(reach)
}

// Endpoints are the URLs of a run's gateways.
func (r *Run) Endpoints() (all []result.Gateway) {
	for _, f := range r.Files {
		for _, g := range f.Setup.Gateways {
			if !slices.Contains(all, g) {
				all = append(all, g)
			}
		}
	}
	return all
}

// Doing is what some of the processes did.
type Doing struct {
	result.Scenario
	Processes []string
}

// Does is what k6 says of the scenario, in which it doesn't tell one from many.
func (d *Doing) Does() string {
	return aloneOf.ReplaceAllString(d.Description, "${1}1 $2")
}

// aloneOf finds plurals of which there is one.
var aloneOf = regexp.MustCompile(`(^|\s)1 (iteration|VU)s\b`)

// noVUs is what k6 says of a scenario of which a process has no part.
var noVUs = regexp.MustCompile(`(^|\D)0 (looping )?VUs`)

// Scenarios are what the processes did, each said once: an execution segment has a part
// of the VUs that another may not have.
func (r *Run) Scenarios() (all []Doing) {
	for _, f := range r.Files {
		for _, s := range f.Setup.Scenarios {
			if noVUs.MatchString(s.Description) {
				continue
			}
			at := slices.IndexFunc(all, func(d Doing) bool { return d.Scenario == s })
			if at < 0 {
				at, all = len(all), append(all, Doing{Scenario: s})
			}
			all[at].Processes = append(all[at].Processes, r.nameOf(f))
		}
	}
	slices.SortStableFunc(all, func(a, b Doing) int { return strings.Compare(a.Name, b.Name) })
	return all
}
