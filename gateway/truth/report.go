package truth

import (
	"fmt"
	"math"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// Report is an Account as JSON.
type Report struct {
	Totals     Totals  `json:"totals"`
	Echoes     Counts  `json:"echoes"` // those of the totals that went back to the sender
	Delay      Delay   `json:"delay"`
	Broadcasts []Entry `json:"broadcasts"`
}

// Totals are exact however many broadcasts there were.
type Totals struct {
	Broadcasts int64 `json:"broadcasts"` // stamped ones, each stamp once
	Unstamped  int64 `json:"unstamped"`  // broadcasts without a stamp
	Counts
}

// Entry is one broadcast of the latest.
type Entry struct {
	Origin   string `json:"origin"` // eight hexadecimal digits
	Sequence uint32 `json:"sequence"`
	Counts
	Delay Delay `json:"delay"`
}

// Counts say what became of the deliveries. Audience is the sum of Delivered,
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

// Delay is the distribution of the time from a stamp to just after the write
// of its frame, in milliseconds; without the echoes.
type Delay struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// Report reads the account as it stands now.
func (a *Tally) Report() Report {
	k := a.current.Load()
	recent := k.inOrder()
	r := Report{
		Totals:     Totals{Broadcasts: k.stamped.Load(), Unstamped: k.unstamped.Load(), Counts: k.tally.counts()},
		Echoes:     k.echoes.counts(),
		Delay:      delayOf(k.delay),
		Broadcasts: make([]Entry, 0, len(recent)),
	}
	for _, b := range recent {
		r.Broadcasts = append(r.Broadcasts, Entry{
			Origin:   fmt.Sprintf("%08x", b.Stamp.Origin),
			Sequence: b.Stamp.Sequence,
			Counts:   b.tally.counts(),
			Delay:    delayOf(b.delay),
		})
	}
	return r
}

func (t *tally) counts() Counts {
	c := Counts{
		Delivered:  t[delivered].Load(),
		Dropped:    t[dropped].Load(),
		Deaf:       t[deaf].Load(),
		Duplicated: t[duplicated].Load(),
		Reordered:  t[reorderedOf].Load(),
		Gone:       t[gone].Load(),
		Failed:     t[failed].Load(),
	}
	// Last, so that what ends meanwhile can't make more than there were.
	c.Audience = t[audienceOf].Load()
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

// millis has microsecond resolution.
func millis(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}
