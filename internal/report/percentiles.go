package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// nines is the scale of a percentile curve: 0 at p0, 1 at p90, 2 at p99 and so on.
func nines(q float64) float64 { return -math.Log10(1 - q) }

// curve is a distribution to be drawn as a percentile curve.
type curve struct {
	delay       *histogram.Distribution
	class, text string
}

// percentileChart draws percentile curves: which part of the deliveries took no longer
// than that. Band is how far the clocks may be apart, drawn around the first curve.
func percentileChart(title string, curves []curve, band time.Duration) Chart {
	c := Chart{Title: title, Height: 260}
	var count int64
	var slowest, median time.Duration // the smallest median
	for _, v := range curves {
		if v.delay.Count() == 0 {
			continue
		}
		if p50 := v.delay.Quantile(0.5); count == 0 || p50 < median {
			median = p50
		}
		count = max(count, v.delay.Count())
		slowest = max(slowest, v.delay.Max())
	}
	if count == 0 {
		c.Empty = "nothing was received"
		return c
	}
	x := scale{from: 0, to: math.Max(2.2, math.Min(nines(1-1/float64(count)), 6)+0.2)}
	for at, text := range []string{"p0", "p90", "p99", "p99.9", "p99.99", "p99.999"} {
		if float64(at) < x.to {
			c.XTicks = append(c.XTicks, Tick{At: x.at(float64(at)), Text: text, Minor: at == 0})
		}
	}
	c.XTicks = append(c.XTicks, Tick{At: x.at(nines(0.5)), Text: "p50"})
	y := newScale(inMilliseconds(slowest + band))
	if slowest > 50*max(median, time.Microsecond) {
		y = newLogScale(inMilliseconds(max(median/3, 100*time.Microsecond)), inMilliseconds(slowest+band))
		c.Note = "logarithmic"
	}
	c.YTicks = y.ticks(milliseconds)
	if band > 0 {
		c.Shapes = append(c.Shapes, bandOf(curves[0].delay, band, x, y))
		c.Legend = append(c.Legend, Key{"blue", fmt.Sprintf("band: the clocks, ±%s", short(band))})
	}
	for _, v := range curves {
		if v.text != "" && v.delay.Count() > 0 {
			c.Legend = append(c.Legend, Key{strings.TrimPrefix(strings.Fields(v.class)[0], "s-"), v.text})
		}
	}
	for _, v := range slices.Backward(curves) { // the first on top
		c.Shapes = append(c.Shapes, drawCurve(v.delay, x, y).shape(v.class))
	}
	return c
}

// steps are the places at which a curve is drawn.
func steps(d *histogram.Distribution, x scale) (qs []float64) {
	last := nines(1 - 1/float64(d.Count()))
	const fine = 120
	for i := range fine + 1 {
		at := x.to * float64(i) / fine
		if at >= last {
			break
		}
		qs = append(qs, 1-math.Pow(10, -at))
	}
	return append(qs, 1-1/float64(d.Count()+1))
}

func drawCurve(d *histogram.Distribution, x, y scale) *line {
	l := &line{}
	if d.Count() == 0 {
		return l
	}
	for _, q := range steps(d, x) {
		l.to(math.Min(x.at(nines(q)), 100), y.at(inMilliseconds(d.Quantile(q))))
	}
	return l
}

// bandOf draws what the curve may be, given how far the clocks are apart.
func bandOf(d *histogram.Distribution, band time.Duration, x, y scale) Shape {
	l := &line{}
	qs := steps(d, x)
	for _, q := range qs {
		l.to(x.at(nines(q)), y.at(inMilliseconds(d.Quantile(q)+band)))
	}
	for _, q := range slices.Backward(qs) {
		l.to(x.at(nines(q)), y.at(inMilliseconds(d.Quantile(q)-band)))
	}
	return l.shape("f-band")
}

// percentiles is the curve of all processes, and of each.
func (s *Subject) percentiles() Chart {
	curves := []curve{{s.Delay, "s-blue", "all"}}
	for at, p := range s.Parts {
		curves = append(curves, curve{p.Delay, fmt.Sprintf("s-%d thin", 1+at%5), fmt.Sprintf("process %d", p.Process)})
	}
	switch {
	case len(s.Parts) < 2:
		curves = curves[:1]
		curves[0].text = ""
	case len(s.Parts) > 5: // more than there are colours
		for at := range s.Parts {
			curves[1+at].class, curves[1+at].text = "s-muted thin", ""
		}
		curves[1].text = "each process"
	}
	band, known := s.Band()
	if !known {
		band = 0
	}
	c := percentileChart("Percentiles of the delay", curves, band)
	if s.Delay.Count() == 0 {
		c.Empty = s.Run.nothing("received")
	}
	if !known {
		c.Note = "the clocks of several processes are compared, and nothing bounds their difference"
	}
	return c
}
