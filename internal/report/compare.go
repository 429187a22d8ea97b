package report

import (
	"fmt"
	"math"
	"slices"
)

// subjects are the gateways of all runs, side by side.
func subjects(runs []*Run) (all []*Subject) {
	for _, r := range runs {
		all = append(all, r.Gateways...)
	}
	return all
}

// gatewayNames are the dialects' names as AWS writes them.
var gatewayNames = map[string]string{"apigw": "API Gateway", "appsync": "AppSync", "events": "AppSync Events"}

// gatewayName is a gateway's name for readers.
func gatewayName(tag string) string {
	if name := gatewayNames[tag]; name != "" {
		return name
	}
	return tag
}

// Name names the subject among those of all runs.
func (s *Subject) Name() string {
	if len(s.Run.Gateways) == 1 {
		return s.Run.Name
	}
	return s.Run.Name + ", " + gatewayName(s.Gateway)
}

// againstListeners shows the delay of each subject against how many listeners it had.
func againstListeners(all []*Subject) Chart {
	c := Chart{
		Title: "Delay against listeners", Height: 240,
		Legend: []Key{{"blue", "p99"}, {"muted", "p50"}},
	}
	var listeners, delay float64
	for _, s := range all {
		listeners = math.Max(listeners, float64(s.Listeners))
		delay = math.Max(delay, inMilliseconds(s.Delay.Quantile(0.99)))
	}
	if delay == 0 {
		c.Empty = "nothing was received"
		return c
	}
	x, y := newScale(math.Max(listeners, 1)), newScale(delay)
	c.XTicks, c.YTicks = x.ticks(counts), y.ticks(milliseconds)
	for at := range c.XTicks {
		c.XTicks[at].Minor = at%2 == 1
	}
	var p50, p99, between line
	for _, s := range all {
		if s.Delay.Count() == 0 {
			continue
		}
		at := x.at(float64(s.Listeners))
		low, high := y.at(inMilliseconds(s.Delay.Quantile(0.5))), y.at(inMilliseconds(s.Delay.Quantile(0.99)))
		between.stroke(at, low, at, high)
		p50.stroke(at, low, at, low)
		p99.stroke(at, high, at, high)
		c.Labels = append(c.Labels, Label{X: at, Y: 100 - clamp(high), Class: "s-ink", Text: s.Name()})
	}
	c.Shapes = []Shape{between.shape("s-muted thin"), p50.shape("s-muted spot"), p99.shape("s-blue spot")}
	c.Labels = spread(c.Labels)
	return c
}

// spread moves labels apart that would lie on one another.
func spread(labels []Label) []Label {
	const wide, apart = 20, 8 // per cent
	slices.SortStableFunc(labels, func(a, b Label) int { return int(1000 * (a.Y - b.Y)) })
	for at := range labels {
		for _, above := range labels[:at] {
			if math.Abs(above.X-labels[at].X) < wide && labels[at].Y < above.Y+apart {
				labels[at].Y = above.Y + apart
			}
		}
	}
	return labels
}

// comparedPercentiles draws the percentile curves of all subjects over one another.
func comparedPercentiles(all []*Subject) Chart {
	var curves []curve
	for at, s := range all {
		curves = append(curves, curve{s.Delay, fmt.Sprintf("s-%d", at%6), s.Name()})
	}
	return percentileChart("Percentiles of the delay", curves, 0)
}
