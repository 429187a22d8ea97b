// Package publish sends broadcasts: a series of them at a pace, each with its stamp,
// and single requests over HTTP through k6's own stack.
package publish

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// Broadcaster sends stamped messages in a dialect's own way until it is closed.
type Broadcaster interface {
	// Send sends one broadcast with this stamp in it. Its error is a *FinalError if
	// nothing more can be sent.
	Send(ctx context.Context, stamp string) error
	// Ended is closed when nothing more can be sent; nil if only Send can tell.
	Ended() <-chan struct{}
	Close()
}

// FinalError says that nothing more can be sent: the connection is closed, the key is
// refused, the operation is invalid.
type FinalError struct{ Err error }

// Error implements error.
func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FinalError) Unwrap() error { return e.Err }

// Plan is how a series of broadcasts is sent.
type Plan struct {
	Count int
	// Rate is how many are sent each second; zero for one right after another.
	Rate float64
	// Settle is how long to wait for a delivery after the last one.
	Settle time.Duration
	// Test is whose other processes are told of the series, if it is distributed.
	Test ledger.Run
}

// Run sends the series to the audience and waits until its account can be closed. It
// sends no more once that can't succeed any longer. Failed is called for each broadcast
// that could not be sent. In a distributed test it tells the others, see announcer.
func (p *Plan) Run(ctx context.Context, to *ledger.Audience, b Broadcaster, failed func(error)) ledger.Result {
	series := to.OpenSeries(p.Count, p.Settle)
	tell := newAnnouncer(&p.Test, series, b)
	tell.open(ctx)
	p.send(ctx, series, b, tell, failed)
	settled, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		defer func() { _ = recover() }() // those who don't hear of the end know that
		tell.close(ctx, settled)
	}()
	series.Settle(ctx)
	close(settled)
	<-told
	return series.Close()
}

func (p *Plan) send(ctx context.Context, series *ledger.Series, b Broadcaster, tell *announcer, failed func(error)) {
	pause := newPause()
	start := time.Now()
	for i := range p.Count {
		intended, err := p.wait(ctx, b.Ended(), start, i)
		if err != nil {
			return
		}
		tell.payUp(ctx)
		s := series.Publish(intended)
		err = b.Send(ctx, s.String())
		if ctx.Err() != nil {
			return // whether it was sent isn't known, and nobody's fault
		}
		if err == nil {
			pause.Reset()
			continue
		}
		series.Retract(s)
		tell.retracted()
		failed(err)
		if final := (*FinalError)(nil); errors.As(err, &final) || i+1 == p.Count {
			return
		}
		tell.payUp(ctx)
		if p.Rate == 0 && sleep(ctx, pause.NextBackOff()) != nil {
			return
		}
	}
}

// newPause is how long to wait after a failure where no rate says so, so that a gateway
// that refuses isn't asked again and again at full speed.
func newPause() *backoff.ExponentialBackOff {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	return pause
}

// wait sleeps until broadcast i is due and returns when that was. A late publisher
// stamps the scheduled time, so that its own lateness is part of the measured delay
// (no coordinated omission). It returns at once when nothing more can be sent, which
// the next Send will tell.
func (p *Plan) wait(ctx context.Context, ended <-chan struct{}, start time.Time, i int) (intended time.Time, err error) {
	if p.Rate == 0 || ctx.Err() != nil { // else one that is overdue might be sent all the same
		return time.Now(), ctx.Err()
	}
	intended = start.Add(time.Duration(float64(i) / p.Rate * float64(time.Second)))
	timer := time.NewTimer(time.Until(intended))
	defer timer.Stop()
	select {
	case <-timer.C:
		return intended, nil
	case <-ended:
		return intended, nil
	case <-ctx.Done():
		return intended, ctx.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
