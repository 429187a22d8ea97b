package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Run is one run, joined.
type Run struct {
	Name      string
	Processes int            // as k6's execution segments say; zero where nothing does
	Files     []*result.File // by process
	Missing   []int          // processes without a file
	// Incomplete: a process is missing, has not ended, or has left a file that can't be used.
	Incomplete bool
	// Unknown says, a sentence each, what isn't known and why.
	Unknown []string
	// broken says in a few words each why the run is incomplete.
	broken []string
	// differ: the files say different numbers of processes.
	differ bool
	// mixed: a file can't be used, or is of another run.
	mixed bool
	// Clocks says which clocks differ, so that delays aren't known.
	Clocks []string
	// Endings are how the test ended in processes where it wasn't as it should.
	Endings []Ending

	Began, Ended time.Time
	Gateways     []*Subject // what was measured of each gateway, by its name
	Connections  Connections
	Intervals    result.Intervals
	ReadLag      *histogram.Distribution
	clocks       *clocks
}

// Subject is what was measured of one gateway in one run.
type Subject struct {
	Run     *Run
	Gateway string
	Counts
	Delay *histogram.Distribution // of all processes
	// Parts are the delays by the process that received.
	Parts []Part
	// Broadcasts are joined by origin and sequence, in the order in which they were sent.
	Broadcasts []result.Broadcast
	// Listeners is how many were ready on the gateway at most.
	Listeners int64
	delays    map[int64]*histogram.Distribution // by the start of the interval
}

// Part is what one process received.
type Part struct {
	Process int
	Delay   *histogram.Distribution
	Clock   Bounds // how far the clocks between it and the publishers may be apart
}

// Counts are the account's sums.
type Counts struct {
	Planned, Unsent, Sent int64
	// Running is how many series have not ended, or left no file, so that it isn't known how
	// many of their broadcasts were not sent.
	Running                                             int64
	Expected, Received, Missing, Cut, Indeterminate     int64
	Open, Missed, Late, Duplicated, Reordered, Unclosed int64
	// Unaccounted are deliveries received by processes that keep no account of their origin.
	Unaccounted int64
	// First and Last are the longest times in which a broadcast reached its first and its
	// last listener, and Reached is how many reached any.
	Reached     int64
	First, Last time.Duration
}

// Lost is how many deliveries were lost, for whatever cause.
func (c *Counts) Lost() int64 { return c.Missing + c.Cut }

// Reach is the part of what is known to be received or lost that was received, and
// whether there was any.
func (c *Counts) Reach() (float64, bool) {
	due := c.Received + c.Lost()
	return float64(c.Received) / float64(max(due, 1)), due > 0
}

// Join joins files to runs, in the order in which these began. With correct, delays between
// clocks that are known to differ are corrected.
func (in *Input) Join(correct bool) []*Run {
	byName := make(map[string]*Run)
	var runs []*Run
	for _, f := range in.Files {
		r := byName[f.Run]
		if r == nil {
			r = &Run{Name: f.Run}
			byName[f.Run] = r
			runs = append(runs, r)
		}
		r.Files = append(r.Files, f)
	}
	for _, r := range runs {
		r.join(correct, in.torn)
		if len(in.Damaged) > 0 {
			r.Incomplete, r.mixed, r.Unknown = true, true, append(slices.Clone(in.Damaged), r.Unknown...)
			if len(r.broken) == 0 {
				r.broken = slices.Clone(in.Damaged[:1])
			}
		}
	}
	slices.SortStableFunc(runs, func(a, b *Run) int { return a.Began.Compare(b.Began) })
	return runs
}

func (r *Run) join(correct bool, torn map[string]bool) {
	slices.SortFunc(r.Files, func(a, b *result.File) int { return cmp.Compare(a.Process, b.Process) })
	r.Began, r.Ended = r.Files[0].Started, r.Files[0].LastKnown()
	for _, f := range r.Files {
		r.Processes = max(r.Processes, f.Processes)
		if f.Started.Before(r.Began) {
			r.Began = f.Started
		}
		if f.LastKnown().After(r.Ended) {
			r.Ended = f.LastKnown()
		}
	}
	r.checkProcesses(torn)
	r.joinEndings()
	r.checkStarts()
	r.checkAccounts()
	r.clocks = newClocks(r.Files, correct)
	r.joinConnections()
	r.joinIntervals()
	r.joinAccounts()
	r.checkClocks()
}
