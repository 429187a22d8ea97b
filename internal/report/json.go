package report

import (
	"encoding/json"
	"io"
	"iter"
	"regexp"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// summary is what WriteJSON writes. Times are in milliseconds.
type summary struct {
	Runs         []runSummary `json:"runs"`
	Expectations []Outcome    `json:"expectations"`
}

type runSummary struct {
	Run        string   `json:"run"`
	Processes  int      `json:"processes"` // 0 where nobody knows how many there were
	Missing    []int    `json:"missing"`
	Incomplete bool     `json:"incomplete"`
	Unknown    []string `json:"unknown"`
	// Aborted: the test didn't come to its end. Endings are how it ended where it wasn't as
	// it should.
	Aborted   bool      `json:"aborted"`
	Endings   []ending  `json:"endings"`
	Clocks    []string  `json:"clocks"`
	Began     time.Time `json:"began"`
	Ended     time.Time `json:"ended"`
	Result    string    `json:"result"` // PASS or FAIL, empty where nothing was expected and nothing failed
	Reasons   []string  `json:"reasons"`
	ExitCode  int       `json:"exitCode"`
	Verdict   string    `json:"verdict"`
	When      string    `json:"when"`
	Causes    []string  `json:"causes"`
	Generator string    `json:"generator"`
	AtFault   bool      `json:"atFault"` // the generator
	ReadLag   float64   `json:"readLagP99"`

	Opened          int64            `json:"opened"`
	Ready           int64            `json:"ready"`
	ConnectFailed   int64            `json:"connectFailed"`
	ClosedByGateway int64            `json:"closedByGateway"`
	Deaf            int64            `json:"deaf"`
	Barriers        []string         `json:"barriers"` // why ready() was rejected
	Errors          map[string]int64 `json:"errors"`
	Limits          []string         `json:"limits"`

	Gateways []gatewaySummary `json:"gateways"`
}

type ending struct {
	How       result.How `json:"how"`
	Processes []int      `json:"processes"`
	At        time.Time  `json:"at"`
	Text      string     `json:"text"`
	ExitCode  int        `json:"exitCode"`
}

type gatewaySummary struct {
	Gateway       string   `json:"gateway"`
	Listeners     int64    `json:"listeners"`
	Planned       int64    `json:"planned"`
	Sent          int64    `json:"sent"`
	Unsent        *int64   `json:"unsent"` // null where a publisher hasn't told
	Expected      int64    `json:"expected"`
	Received      int64    `json:"received"`
	Lost          int64    `json:"lost"`
	Cut           int64    `json:"cut"`
	Indeterminate int64    `json:"indeterminate"`
	Missed        int64    `json:"missed"`
	Late          int64    `json:"late"`
	Duplicated    int64    `json:"duplicated"`
	Reordered     int64    `json:"reordered"`
	Unclosed      int64    `json:"unclosed"`
	Unaccounted   int64    `json:"unaccounted"`
	Reach         *float64 `json:"reach"` // null where nothing was due
	First         float64  `json:"first"`
	Last          float64  `json:"last"`
	// Delay is of all deliveries, and null where nothing was received. Certain: all processes
	// have told theirs, and the clocks are close enough together for it.
	Delay   *delaySummary `json:"delay"`
	Certain bool          `json:"certain"`
}

type delaySummary struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99.9"`
	Max   float64 `json:"max"`
}

// WriteJSON writes the numbers of all runs, and the outcomes of the expectations.
func WriteJSON(w io.Writer, runs []*Run, outcomes []Outcome) error {
	s := summary{Runs: []runSummary{}, Expectations: listed(outcomes)}
	for _, r := range runs {
		s.Runs = append(s.Runs, summaryOf(r, outcomes))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}

func summaryOf(r *Run, outcomes []Outcome) runSummary {
	v, h, c, passed := r.Verdict(), r.Health(), &r.Connections, r.Result(outcomes)
	s := runSummary{
		Run: r.Name, Processes: r.Processes, Missing: listed(r.Missing), Incomplete: r.Incomplete,
		Unknown: listed(r.Unknown), Clocks: listed(r.Clocks),
		Began: r.Began, Ended: r.Ended, Result: passed.Word, Reasons: listed(passed.Reasons), ExitCode: passed.ExitCode, Verdict: v.Headline, When: v.When, Causes: listed(v.Causes),
		Generator: h.Text, AtFault: h.AtFault, ReadLag: inMilliseconds(h.Lag),
		Opened: c.Opened, Ready: c.Ready, ConnectFailed: c.Failed(), ClosedByGateway: c.ClosedByGateway(), Deaf: c.Deaf,
		Aborted: r.Aborted() != nil, Endings: []ending{}, Barriers: []string{},
		Errors: make(map[string]int64), Limits: listed(c.Limits), Gateways: []gatewaySummary{},
	}
	for _, e := range r.Endings {
		s.Endings = append(s.Endings, ending{e.How, e.Processes, e.At, e.Text, e.ExitCode})
	}
	for _, b := range c.Barriers {
		s.Barriers = append(s.Barriers, b.Text)
	}
	for _, e := range c.Errors {
		s.Errors[e.Name] = e.Count
	}
	for _, g := range r.Gateways {
		s.Gateways = append(s.Gateways, summaryOfGateway(g))
	}
	return s
}

// listed is a list that JSON shows as one, also if it is empty.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func summaryOfGateway(s *Subject) gatewaySummary {
	g := gatewaySummary{
		Gateway: s.Gateway, Listeners: s.Listeners, Planned: s.Planned, Sent: s.Sent, Expected: s.Expected,
		Received: s.Received, Lost: s.Lost(), Cut: s.Cut, Indeterminate: s.Indeterminate, Missed: s.Missed, Late: s.Late,
		Duplicated: s.Duplicated, Reordered: s.Reordered, Unclosed: s.Unclosed, Unaccounted: s.Unaccounted,
		First: inMilliseconds(s.First), Last: inMilliseconds(s.Last), Certain: s.Certain() && !s.Run.Incomplete,
	}
	if s.Running == 0 {
		g.Unsent = &s.Unsent
	}
	if reach, due := s.Reach(); due {
		g.Reach = &reach
	}
	if d := s.Delay; d.Count() > 0 {
		quantile := func(q float64) float64 { return inMilliseconds(d.Quantile(q)) }
		g.Delay = &delaySummary{
			Count: d.Count(), Mean: inMilliseconds(d.Mean()), Min: inMilliseconds(d.Min()),
			P50: quantile(0.5), P90: quantile(0.9), P99: quantile(0.99), P999: quantile(0.999), Max: inMilliseconds(d.Max()),
		}
	}
	return g
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Distributions are the delays of each run and gateway, by a name that can be a file's.
func Distributions(runs []*Run) iter.Seq2[string, *histogram.Distribution] {
	return func(yield func(string, *histogram.Distribution) bool) {
		for _, s := range subjects(runs) {
			if !yield(notInNames.ReplaceAllString(s.Run.Name+"-"+s.Gateway, "-"), s.Delay) {
				return
			}
		}
	}
}
