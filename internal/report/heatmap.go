package report

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

const heatRows = 56

// heatMap shows how many deliveries took how long, over time: a column is an interval's
// distribution, in which two modes or a few outliers are seen that a line would hide.
func (s *Subject) heatMap() Chart {
	c := Chart{Title: "Delay of every delivery", Note: "stronger colour: more deliveries", Height: 220}
	x := s.Run.timeScale()
	c.XTicks = timeTicks(x)
	if s.Delay.Count() == 0 {
		c.Empty = s.Run.nothing("received")
		return c
	}
	least, most := s.Delay.Quantile(0.0001), s.Delay.Max()
	y := newLogScale(inMilliseconds(max(least, 100*time.Microsecond)), inMilliseconds(max(most, time.Millisecond)))
	c.YTicks = y.ticks(milliseconds)
	cells, columns := s.cells(x, y)
	c.Image = dataURI(cells, columns)
	p50, p99 := s.overTime(x, y, 0.5), s.overTime(x, y, 0.99)
	c.Shapes = []Shape{p50.shape("s-ink thin"), p99.shape("s-ink")}
	c.Legend = []Key{{"ink", "p99 (thick) and p50 (thin) of each interval"}}
	if !s.Certain() {
		c.Legend = append(c.Legend, Key{"warn", "delays between clocks that may differ"})
	}
	return c
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// cells counts the deliveries of each interval and range of delays, from the top left.
func (s *Subject) cells(x, y scale) (cells []float64, columns int) {
	length := float64(s.Run.Intervals.Length)
	columns = max(1, int(math.Ceil((x.to-x.from)/length)))
	cells = make([]float64, columns*heatRows)
	for start, delays := range s.delays {
		column := min(max(int((float64(start)-x.from)/length+0.5), 0), columns-1)
		for middle, n := range delays.Buckets {
			at := clamp(y.at(math.Max(inMilliseconds(middle), y.from)))
			row := min(int(at/100*heatRows), heatRows-1)
			cells[(heatRows-1-row)*columns+column] += float64(n)
		}
	}
	return cells, columns
}

// dataURI draws cells as a picture whose opacity is their weight, on a logarithmic scale,
// so that it fits a light page and a dark one.
func dataURI(cells []float64, columns int) template.URL {
	most := 0.0
	for _, n := range cells {
		most = math.Max(most, n)
	}
	picture := image.NewNRGBA(image.Rect(0, 0, columns, len(cells)/columns))
	for at, n := range cells {
		if n == 0 {
			continue
		}
		weight := 1.0
		if most > 1 {
			weight = math.Log1p(n) / math.Log1p(most)
		}
		picture.SetNRGBA(at%columns, at/columns, color.NRGBA{0x2f, 0x6f, 0xd6, uint8(40 + 215*weight)})
	}
	var text bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	_ = encoder.Encode(&text, picture)                                                              // a buffer takes everything
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(text.Bytes())) //nolint:gosec // made above
}

// overTime draws a quantile of each interval.
func (s *Subject) overTime(x, y scale, q float64) *line {
	return quantileOver(s.Run, x, y, q, func(start int64) *histogram.Distribution { return s.delays[start] })
}

// quantileOver draws a quantile of each interval's distribution, and nothing where that
// is empty.
func quantileOver(r *Run, x, y scale, q float64, of func(start int64) *histogram.Distribution) *line {
	l := &line{}
	for _, i := range r.Intervals.List {
		d := of(i.Start)
		if d.Count() == 0 {
			continue
		}
		v := y.at(math.Max(inMilliseconds(d.Quantile(q)), y.from))
		from, to := x.at(float64(i.Start)), x.at(float64(i.Start+r.Intervals.Length))
		l.stroke(from, v, to, v)
	}
	return l
}
