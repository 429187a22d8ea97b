package truth

import (
	"fmt"
	"math"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// Report is a Tally as JSON.
type Report struct {
	Totals     Totals  `json:"totals"`
	Echoes     Counts  `json:"echoes"` // the part of the totals that went back to the sender
	Control    Control `json:"control"`
	Delay      Delay   `json:"delay"`
	Broadcasts []Entry `json:"broadcasts"`
}

// Totals are exact however many broadcasts there were.
type Totals struct {
	Broadcasts int64 `json:"broadcasts"` // stamped ones, each stamp once
	Unstamped  int64 `json:"unstamped"`  // broadcasts without a stamp
	Counts
}

// Control are messages with control tokens, by which the processes of a test tell each other
// of their broadcasts. They are none themselves.
type Control struct {
	Messages int64 `json:"messages"`
	Counts
}

// Entry is one of the latest broadcasts.
type Entry struct {
	Origin   string `json:"origin"` // eight hexadecimal digits
	Sequence uint32 `json:"sequence"`
	Counts
	Delay Delay `json:"delay"`
}

// Counts are how many deliveries ended in which way. Audience is the sum of Delivered,
// Dropped, Deaf, Gone, Failed and Pending; Duplicated are copies beyond the
// first, and Reordered are some of the Delivered.
type Counts struct {
	Audience   int64 `json:"audience"`
	Delivered  int64 `json:"delivered"`
	Dropped    int64 `json:"dropped"`
	Deaf       int64 `json:"deaf"`
	Duplicated int64 `json:"duplicated"`
	Reordered  int64 `json:"reordered"`
	Gone       int64 `json:"gone"`
	Failed     int64 `json:"failed"`
	Pending    int64 `json:"pending"`
}

// Delay is the distribution of the time from a broadcast's stamp to just after
// the write of its frame, in milliseconds. Echoes are left out.
type Delay struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// Report returns what has been counted since the last Forget.
func (t *Tally) Report() Report {
	e := t.current.Load()
	recent := e.inOrder()
	r := Report{
		Totals:     Totals{Broadcasts: e.stamped.Load(), Unstamped: e.unstamped.Load(), Counts: e.all.counts()},
		Echoes:     e.echoes.counts(),
		Control:    Control{Messages: e.controls.Load(), Counts: e.control.counts()},
		Delay:      delayOf(e.delay),
		Broadcasts: make([]Entry, 0, len(recent)),
	}
	for _, b := range recent {
		r.Broadcasts = append(r.Broadcasts, Entry{
			Origin:   fmt.Sprintf("%08x", b.Stamp.Origin),
			Sequence: b.Stamp.Sequence,
			Counts:   b.counters.counts(),
			Delay:    delayOf(b.delay),
		})
	}
	return r
}

func (n *counters) counts() Counts {
	c := Counts{
		Delivered:  n[delivered].Load(),
		Dropped:    n[dropped].Load(),
		Deaf:       n[deaf].Load(),
		Duplicated: n[duplicated].Load(),
		Reordered:  n[reorderedOf].Load(),
		Gone:       n[gone].Load(),
		Failed:     n[failed].Load(),
	}
	// Read last, so that deliveries that end meanwhile can't exceed the audience.
	c.Audience = n[audienceOf].Load()
	c.Pending = c.Audience - c.Delivered - c.Dropped - c.Deaf - c.Gone - c.Failed
	return c
}

func delayOf(h *histogram.Histogram) Delay {
	s := h.Summary()
	return Delay{
		Count: s.Count, Mean: millis(s.Mean), P50: millis(s.P50), P90: millis(s.P90),
		P95: millis(s.P95), P99: millis(s.P99), Max: millis(s.Max),
	}
}

// millis returns milliseconds, rounded to the microsecond.
func millis(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}
