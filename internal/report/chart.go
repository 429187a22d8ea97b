package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"
)

// Chart is a picture with two axes. Everything in it is placed in per cent, and the texts
// are HTML, so that they stay readable at any width.
type Chart struct {
	Title  string
	Note   string // what is drawn, said with the legend's words
	Legend []Key
	Height int // px
	XTicks []Tick
	YTicks []Tick
	Image  template.URL // beneath the shapes
	Shapes []Shape
	Labels []Label
	Empty  string // why nothing is drawn, if nothing is
}

// Key explains a colour.
type Key struct{ Class, Text string }

// Tick is a mark on an axis.
type Tick struct {
	At    float64 // per cent
	Text  string
	Minor bool // left out where there is little room
}

// Shape is an SVG path in a box of 100 by 100, whose y points down.
type Shape struct{ Class, Path string }

// Label is a text beside what it names.
type Label struct {
	X, Y  float64 // per cent, from the left and from the top
	Class string
	Text  string
}

// scale maps values to per cent.
type scale struct {
	from, to float64
	log      bool
}

func (s scale) at(v float64) float64 {
	if s.log {
		return 100 * (math.Log(math.Max(v, s.from)) - math.Log(s.from)) / (math.Log(s.to) - math.Log(s.from))
	}
	return 100 * (v - s.from) / (s.to - s.from)
}

// newScale is from zero to a round number.
func newScale(most float64) scale {
	step := niceStep(most, 4)
	return scale{from: 0, to: step * math.Max(1, math.Ceil(most/step))}
}

// newLogScale is from one power of ten or half of one to another.
func newLogScale(least, most float64) scale {
	from := math.Pow(10, math.Floor(math.Log10(least)))
	to := math.Pow(10, math.Ceil(math.Log10(most)))
	if least >= 3*from {
		from *= 3
	}
	if most <= to/3 {
		to /= 3
	}
	return scale{from: from, to: math.Max(to, from*3), log: true}
}

// niceStep is a step of 1, 2 or 5 times a power of ten of which about n make up all.
func niceStep(all float64, n int) float64 {
	if all <= 0 {
		return 1
	}
	rough := all / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, step := range []float64{1, 2, 5} {
		if rough <= step*power {
			return step * power
		}
	}
	return 10 * power
}

// ticks are those of a y axis.
func (s scale) ticks(text func(float64) string) []Tick {
	var ticks []Tick
	if s.log {
		for v := math.Pow(10, math.Ceil(math.Log10(s.from)-1e-9)); v <= s.to*1.0001; v *= 10 {
			ticks = append(ticks, Tick{At: s.at(v), Text: text(v)})
		}
		if s.to < 200*s.from { // else there are enough
			for v := 3 * math.Pow(10, math.Floor(math.Log10(s.from))); v <= s.to*1.0001; v *= 10 {
				if v >= s.from*0.9999 {
					ticks = append(ticks, Tick{At: s.at(v), Text: text(v)})
				}
			}
		}
		return ticks
	}
	step := niceStep(s.to-s.from, 4)
	for v := s.from; v <= s.to*1.0001; v += step {
		ticks = append(ticks, Tick{At: s.at(v), Text: text(v)})
	}
	return ticks
}

// milliseconds is the text of a tick.
func milliseconds(v float64) string { return short(time.Duration(v * float64(time.Millisecond))) }

func counts(v float64) string {
	if v != math.Trunc(v) {
		return ""
	}
	return number(int64(v))
}

// timeScale is that of a run, whose ends are a little apart from what happened there.
func (r *Run) timeScale() scale {
	from, to := float64(r.Began.UnixMilli()), float64(r.Ended.UnixMilli())
	if len(r.Intervals.List) > 0 {
		from = math.Min(from, float64(r.Intervals.List[0].Start))
		to = math.Max(to, float64(r.Intervals.List[len(r.Intervals.List)-1].Start+r.Intervals.Length))
	}
	return scale{from: from, to: math.Max(to, from+1000)}
}

// timeTicks are round times of the day.
func timeTicks(s scale) []Tick {
	steps := []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour,
	}
	all := time.Duration(s.to-s.from) * time.Millisecond
	step := steps[len(steps)-1]
	for _, candidate := range steps {
		if all/candidate <= 8 {
			step = candidate
			break
		}
	}
	var ticks []Tick
	for at := time.UnixMilli(int64(s.from)).UTC().Truncate(step).Add(step); float64(at.UnixMilli()) <= s.to; at = at.Add(step) {
		x := s.at(float64(at.UnixMilli()))
		if x > 1 && x < 98 {
			ticks = append(ticks, Tick{At: x, Text: clockTime(at), Minor: len(ticks)%2 == 1})
		}
	}
	return ticks
}

// line draws a path through points of per cent, x to the right and y up.
type line struct{ path strings.Builder }

func (l *line) to(x, y float64) {
	command := "L"
	if l.path.Len() == 0 {
		command = "M"
	}
	fmt.Fprintf(&l.path, "%s%.2f %.2f", command, x, 100-clamp(y))
}

// stroke draws a line of its own.
func (l *line) stroke(x1, y1, x2, y2 float64) {
	fmt.Fprintf(&l.path, "M%.2f %.2fL%.2f %.2f", x1, 100-clamp(y1), x2, 100-clamp(y2))
}

// box draws a rectangle on the axis.
func (l *line) box(x, width, height float64) {
	fmt.Fprintf(&l.path, "M%.2f 100v%.2fh%.2fv%.2fz", x, -clamp(height), width, clamp(height))
}

func (l *line) shape(class string) Shape { return Shape{class, l.path.String()} }

func clamp(v float64) float64 { return math.Min(math.Max(v, 0), 100) }
