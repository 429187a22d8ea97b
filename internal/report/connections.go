package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Connections are the sums of all processes.
type Connections struct {
	Opened, Ready, Deaf int64
	ReadyTime           *histogram.Distribution
	Failures            []result.Failure
	Closings            []result.Closing
	Errors              []Named
	Limits              []string
	Barriers            []Barrier
	NotRecorded         int64
	// EndUnknown is how many were open when the files of processes were last written that
	// haven't ended.
	EndUnknown int64
}

// Barrier is why a ready() was rejected.
type Barrier struct {
	Process int
	Text    string
}

// Named is a count with a name.
type Named struct {
	Name  string
	Count int64
}

// Failed is how many connections never became ready.
func (c *Connections) Failed() (n int64) {
	for _, f := range c.Failures {
		n += f.Count
	}
	return n
}

// ClosedByGateway is how many connections the gateway or the network ended.
func (c *Connections) ClosedByGateway() int64 { return closedByGateway(c.Closings) }

func closedByGateway(closings []result.Closing) (n int64) {
	for _, closing := range closings {
		if closing.By == "gateway" {
			n += closing.Count
		}
	}
	return n
}

// Errs is how many errors there were.
func (c *Connections) Errs() (n int64) {
	for _, e := range c.Errors {
		n += e.Count
	}
	return n
}

func (r *Run) joinConnections() {
	c := &r.Connections
	c.ReadyTime = &histogram.Distribution{}
	failures, closings, errs := make(map[result.Failure]int64), make(map[result.Closing]int64), make(map[string]int64)
	for _, f := range r.Files {
		c.Opened += f.Opened
		c.Ready += f.Ready
		c.Deaf += f.Deaf
		c.NotRecorded += f.NotRecorded
		c.ReadyTime.Merge(f.ReadyTime)
		if f.State != result.Ended {
			c.EndUnknown += f.Opened
		}
		for _, failure := range f.Failures {
			failures[result.Failure{Phase: failure.Phase, Status: failure.Status}] += failure.Count
		}
		for _, closing := range f.Closings {
			closings[result.Closing{By: closing.By, Code: closing.Code}] += closing.Count
			if f.State != result.Ended {
				c.EndUnknown -= closing.Count
			}
		}
		for name, n := range f.Errors {
			errs[name] += n
		}
		for _, text := range f.Barriers {
			if barrier := (Barrier{f.Process, text}); !slices.Contains(c.Barriers, barrier) {
				c.Barriers = append(c.Barriers, barrier)
			}
		}
		for _, limit := range f.Limits {
			if !slices.Contains(c.Limits, limit) {
				c.Limits = append(c.Limits, limit)
			}
		}
	}
	for failure, n := range failures {
		c.Failures = append(c.Failures, result.Failure{Phase: failure.Phase, Status: failure.Status, Count: n})
	}
	for closing, n := range closings {
		c.Closings = append(c.Closings, result.Closing{By: closing.By, Code: closing.Code, Count: n})
	}
	for name, n := range errs {
		c.Errors = append(c.Errors, Named{name, n})
	}
	slices.SortFunc(c.Failures, func(a, b result.Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Phase+a.Status, b.Phase+b.Status))
	})
	slices.SortFunc(c.Closings, func(a, b result.Closing) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.By+a.Code, b.By+b.Code))
	})
	slices.SortFunc(c.Errors, func(a, b Named) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
}
