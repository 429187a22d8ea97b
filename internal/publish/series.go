// Package publish sends broadcasts: a series of them at a pace, each with its stamp,
// and single requests over HTTP through k6's own stack.
package publish

import (
	"context"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// Broadcaster sends stamped messages in a dialect's own way until it is closed.
type Broadcaster interface {
	// Send sends one broadcast with this stamp in it.
	Send(ctx context.Context, stamp string) error
	Close()
}

// Plan is how a series of broadcasts is sent.
type Plan struct {
	Count int
	// Rate is how many are sent each second; zero for one right after another.
	Rate float64
	// Settle is how long to wait for a delivery after the last one.
	Settle time.Duration
	// ClockOffset is by how much stamps are to be wrong; see module.go.
	ClockOffset time.Duration
}

// Run sends the series to the audience and waits until its account can be closed.
// Failed is called for each broadcast that could not be sent.
func (p *Plan) Run(ctx context.Context, to *ledger.Audience, b Broadcaster, failed func(error)) ledger.Result {
	series := to.OpenSeries(p.Count, p.Settle)
	start := time.Now()
	for i := range p.Count {
		intended, err := p.wait(ctx, start, i)
		if err != nil {
			break
		}
		s := series.Publish(intended.Add(p.ClockOffset))
		err = b.Send(ctx, s.String())
		if ctx.Err() != nil {
			break // whether it was sent isn't known, and nobody's fault
		}
		if err != nil {
			series.Retract(s)
			failed(err)
		}
	}
	series.Settle(ctx)
	return series.Close()
}

// wait sleeps until broadcast i is due and returns when that was. A late publisher
// stamps the scheduled time, so that its own lateness is part of the measured delay
// (no coordinated omission).
func (p *Plan) wait(ctx context.Context, start time.Time, i int) (intended time.Time, err error) {
	if p.Rate == 0 || ctx.Err() != nil { // else one that is overdue might be sent all the same
		return time.Now(), ctx.Err()
	}
	intended = start.Add(time.Duration(float64(i) / p.Rate * float64(time.Second)))
	timer := time.NewTimer(time.Until(intended))
	defer timer.Stop()
	select {
	case <-timer.C:
		return intended, nil
	case <-ctx.Done():
		return intended, ctx.Err()
	}
}
