// Package result is the result file of one process: what its listeners received and lost
// of every broadcast, how long that took, and what became of its connections. The files
// of all processes of a run, joined by package report, are the account of the whole run.
//
// A file is as large after hours as after minutes: older broadcasts are put together in
// blocks, and intervals become longer. Blocks begin at multiples of their size and
// intervals at multiples of their length, both powers of two, so those of two processes
// can be joined without dividing any.
package result

import (
	"fmt"
	"regexp"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// Version is that of the files that this package writes, and the only one that it reads.
const Version = 1

// File is the content of a result file. Times within it are milliseconds since 1970,
// where they aren't in words, and durations microseconds.
type File struct {
	Version int `json:"version"`
	Identity
	State State `json:"state"`
	// Started is when the process first called the extension, Written when the file was
	// written, and Ended when the test ended.
	Started time.Time  `json:"started"`
	Written time.Time  `json:"written"`
	Ended   *time.Time `json:"ended,omitempty"`
	// Conclusion is how k6 ended the test in this process, which it tells as it exits. It is
	// nil before that, and where k6 didn't tell.
	Conclusion *Conclusion `json:"conclusion,omitempty"`
	Clock      Clock       `json:"clock"`
	Setup      Setup       `json:"setup"`

	Accounts  []*Account `json:"accounts"`
	Intervals Intervals  `json:"intervals"`

	Opened      int64                   `json:"opened"`      // connections
	Ready       int64                   `json:"ready"`       // connections that became ready
	ReadyTime   *histogram.Distribution `json:"readyTime"`   // dial to ready
	Failures    []Failure               `json:"failures"`    // connections that never became ready
	Closings    []Closing               `json:"closings"`    // connections that were open
	Errors      map[string]int64        `json:"errors"`      // by name
	Deaf        int64                   `json:"deaf"`        // listeners that no canary reached
	Barriers    []string                `json:"barriers"`    // why ready() was rejected, for each call
	Limits      []string                `json:"limits"`      // limits of this host that were met
	NotRecorded int64                   `json:"notRecorded"` // deliveries from more origins than are told apart
}

// State is whether a process has come to its end.
type State string

// The states. A file that says running belongs to a process that is running, or that was
// killed.
const (
	Running State = "running"
	Ended   State = "ended"
)

// LastKnown is until when the file tells what happened.
func (f *File) LastKnown() time.Time {
	if f.Ended != nil {
		return *f.Ended
	}
	return f.Written
}

// Identity says which process of which run wrote a file.
type Identity struct {
	Run     string `json:"run"`
	Process int    `json:"process"` // from 1
	// Processes is how many the run has. It is zero where nobody knows; then Process is a
	// number that only tells one process from another.
	Processes int `json:"processes"`
}

// Name is the name of the process's file.
func (id Identity) Name() string {
	if id.Processes == 0 {
		return fmt.Sprintf("pushgw-%s-%d.json", safeName(id.Run), id.Process)
	}
	return fmt.Sprintf("pushgw-%s-%dof%d.json", safeName(id.Run), id.Process, id.Processes)
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// safeName is a run's name as a part of a file's.
func safeName(run string) string {
	const longest = 80
	name := unsafe.ReplaceAllString(run, "-")
	return name[:min(len(name), longest)]
}

// Clock is what the kernel says of this host's clock (adjtimex(2)).
type Clock struct {
	Synchronised bool  `json:"synchronised"`
	Bound        int64 `json:"bound"` // µs that it is off by at most; zero where nothing is known
	// Kernel identifies the running kernel, and so the clock that all its processes share.
	// It is empty where nothing is known.
	Kernel string `json:"kernel"`
}

// Setup is how the test was run. It holds nothing secret.
type Setup struct {
	K6        string     `json:"k6"`        // version
	Extension string     `json:"extension"` // version
	Host      string     `json:"host"`
	CPUs      int        `json:"cpus"`
	Gateways  []Gateway  `json:"gateways"`
	Scenarios []Scenario `json:"scenarios"`
}

// Gateway is one that the process connected to.
type Gateway struct {
	Name string `json:"name"` // the value of the tag gateway
	URL  string `json:"url"`  // scheme, host and path; neither query nor credentials
}

// Scenario is one of k6's scenarios, and what k6 says that it does.
type Scenario struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Failure is how many connections never became ready, and how far they came.
type Failure struct {
	Phase  string `json:"phase"`
	Status string `json:"status"` // the HTTP status of a refused upgrade; 0 for none
	Count  int64  `json:"count"`
}

// Closing is how many connections ended in one way.
type Closing struct {
	By    string `json:"by"` // gateway or client
	Code  string `json:"code"`
	Count int64  `json:"count"`
}
