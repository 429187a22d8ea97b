package report

import (
	"fmt"
	"math"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// lossOverTime shows how many deliveries were lost, by when their broadcasts were sent.
func (s *Subject) lossOverTime() Chart {
	x := s.Run.timeScale()
	c := Chart{
		Title: "Lost and missed deliveries, by send time", Height: 96, XTicks: timeTicks(x),
	}
	length := float64(s.Run.Intervals.Length)
	columns := max(1, int(math.Ceil((x.to-x.from)/length)))
	anyMissed := false
	lost, missed := make([]float64, columns), make([]float64, columns)
	most := 0.0
	for _, b := range s.Broadcasts {
		anyMissed = anyMissed || b.Missed > 0
		from, to := column(b.SentFirst, x, length, columns), column(b.SentLast, x, length, columns)
		for at := from; at <= to; at++ { // a block is spread over the time it was sent in
			lost[at] += float64(b.Lost()) / float64(to-from+1)
			missed[at] += float64(b.Missed) / float64(to-from+1)
			most = math.Max(most, lost[at]+missed[at])
		}
	}
	if most == 0 {
		c.Empty = "none was lost or missed"
		if len(s.Run.Unknown) > 0 {
			c.Empty = "none is known to be lost or missed"
		}
		if len(s.Broadcasts) == 0 {
			c.Empty = "no account of any broadcast"
		}
		return c
	}
	c.Legend = []Key{{"bad", "lost"}}
	if len(s.Run.Unknown) > 0 {
		c.Note = "as far as is known"
	}
	if anyMissed {
		c.Legend = append(c.Legend, Key{"warn", "missed: sent while a listener was cut off"})
	}
	y := newScale(most)
	c.YTicks = y.ticks(counts)
	width := 100 / float64(columns)
	var bad, all line
	for at := range lost {
		if lost[at] > 0 {
			bad.box(float64(at)*width, math.Max(width, 0.25), y.at(lost[at]))
		}
		if missed[at] > 0 {
			all.box(float64(at)*width, math.Max(width, 0.25), y.at(lost[at]+missed[at]))
		}
	}
	c.Shapes = []Shape{all.shape("f-warn"), bad.shape("f-bad")}
	return c
}

func column(ms int64, x scale, length float64, columns int) int {
	return min(max(int((float64(ms)-x.from)/length), 0), columns-1)
}

// fanout shows for each broadcast when it reached its first listener and when its last.
func (s *Subject) fanout() Chart {
	x := s.Run.timeScale()
	c := Chart{
		Title: "First and last listener of each broadcast", Height: 160, XTicks: timeTicks(x),
		Legend: []Key{{"blue", "from the first listener to the last"}},
	}
	bars := s.Broadcasts
	const most = 400 // more than anybody can tell apart
	for size := uint32(2); len(bars) > most && size < 1<<31; size *= 2 {
		bars = result.InBlocks(bars, size)
		c.Note = "several broadcasts to a bar; the slowest counts"
	}
	var highest int64
	for _, b := range bars {
		highest = max(highest, b.Last)
	}
	if highest == 0 {
		c.Empty = "no broadcast is known to have reached anybody"
		return c
	}
	y := newScale(inMilliseconds(time.Duration(highest) * time.Microsecond))
	c.YTicks = y.ticks(milliseconds)
	var spans, lasts line
	for _, b := range bars {
		if b.Reached > 0 {
			at := x.at(float64(b.SentFirst))
			first, last := y.at(float64(b.First)/1000), y.at(float64(b.Last)/1000)
			spans.stroke(at, first, at, last)
			lasts.stroke(at, last, at, last)
		}
	}
	c.Shapes = []Shape{spans.shape("s-blue bar"), lasts.shape("s-blue dot")}
	return c
}

// connectionsOverTime shows open connections and ready listeners, and when the gateway
// closed connections or some failed.
func (r *Run) connectionsOverTime() Chart {
	x := r.timeScale()
	c := Chart{Title: "Connections and ready listeners", Height: 140, XTicks: timeTicks(x)}
	most := 0.0
	for _, i := range r.Intervals.List {
		most = math.Max(most, float64(max(i.Connections, i.Listening)))
	}
	if most == 0 {
		c.Empty = "no connection was open at the end of any interval"
	}
	y := newScale(math.Max(most, 1))
	c.YTicks = y.ticks(counts)
	var open, ready, closed, failed line
	for _, i := range r.Intervals.List {
		at := x.at(float64(i.Start + r.Intervals.Length))
		open.to(at, y.at(float64(i.Connections)))
		ready.to(at, y.at(float64(i.Listening)))
		middle := x.at(float64(i.Start + r.Intervals.Length/2))
		if i.Closed > 0 {
			closed.stroke(middle, 0, middle, 8)
		}
		if i.Failed > 0 {
			failed.stroke(middle, 0, middle, 8)
		}
	}
	for _, f := range r.Files {
		if f.State != result.Ended {
			at := x.at(float64(f.Written.UnixMilli()))
			closed.stroke(at, 0, at, 100)
			c.Labels = append(c.Labels, Label{X: at, Y: 96, Class: "s-ink", Text: fmt.Sprintf("process %d last heard of", f.Process)})
		}
	}
	c.Labels = spread(c.Labels)
	c.Shapes = []Shape{open.shape("s-muted"), ready.shape("s-blue"), failed.shape("s-warn bar"), closed.shape("s-bad bar")}
	c.Legend = []Key{{"muted", "open"}, {"blue", "ready"}}
	if r.Connections.ClosedByGateway() > 0 {
		c.Legend = append(c.Legend, Key{"bad", "the gateway or the network ended some"})
	}
	if r.Connections.Failed() > 0 {
		c.Legend = append(c.Legend, Key{"warn", "some failed to open"})
	}
	return c
}

// lagOverTime shows how late this side read what had arrived, and when a process stood still.
func (r *Run) lagOverTime() Chart {
	x := r.timeScale()
	c := Chart{
		Title: "Read lag of the load generator", Height: 96, XTicks: timeTicks(x), Note: "from a delivery's arrival at its host until it was read",
		Legend: []Key{{"warn", "p99 of each interval, all processes"}},
	}
	most := 0.0
	lags := make(map[int64]*histogram.Distribution)
	for _, i := range r.Intervals.List {
		if i.ReadLag.Count() > 0 {
			lags[i.Start] = i.ReadLag
			most = math.Max(most, inMilliseconds(i.ReadLag.Quantile(0.99)))
		}
	}
	if len(lags) == 0 {
		c.Empty = r.nothing("read")
		return c
	}
	still := r.stillOverTime()
	for _, longest := range still {
		most = math.Max(most, inMilliseconds(longest))
	}
	y := newScale(math.Max(most, inMilliseconds(lagAtAll)))
	c.YTicks = y.ticks(milliseconds)
	lag := quantileOver(r, x, y, 0.99, func(start int64) *histogram.Distribution { return lags[start] })
	var stood line
	for _, i := range r.Intervals.List {
		if longest := still[i.Start]; longest > 0 {
			at := x.at(float64(i.Start + r.Intervals.Length/2))
			stood.stroke(at, 0, at, y.at(inMilliseconds(longest)))
		}
	}
	if len(still) > 0 {
		c.Legend = append(c.Legend, Key{"bad", "how long a process stood still"})
	}
	c.Shapes = []Shape{stood.shape("s-bad bar"), lag.shape("s-warn")}
	return c
}

// stillOverTime is for how long a process stood still in each interval in which one did; the
// longest, if it were several.
func (r *Run) stillOverTime() map[int64]time.Duration {
	still := make(map[int64]time.Duration)
	for _, f := range r.Files {
		own := make(map[int64]time.Duration)
		for _, i := range f.Intervals.List {
			if i.StoodStill > 0 {
				own[i.Start/r.Intervals.Length*r.Intervals.Length] += time.Duration(i.StoodStill) * time.Microsecond
			}
		}
		for start, d := range own {
			still[start] = max(still[start], d)
		}
	}
	return still
}
