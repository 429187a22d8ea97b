package publish

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/sleep"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// sending is a series that is being sent.
type sending struct {
	plan        *Plan
	series      *ledger.Series
	broadcaster Broadcaster
	announcer   *announcer
	failed      func(error)
	pause       *backoff.ExponentialBackOff

	waiting int         // how many requests have no answer yet
	answers chan answer // to them, as they come; it has room for all
	final   bool        // nothing more can be sent
	refused bool        // of the latest request that was answered nothing could be sent
}

// answer is what became of one request, with a broadcast for each of the stamps.
type answer struct {
	stamps []stamp.Stamp
	errs   []error
}

// newPause is how long to wait after a failure where no rate says so, so that a gateway
// that refuses isn't asked again and again at full speed.
func newPause() *backoff.ExponentialBackOff {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 5*time.Second
	return pause
}

// run sends the series, and waits for the answers. What was sent and has no answer when
// the context ends isn't known, and nobody's fault.
func (s *sending) run(ctx context.Context) {
	p := s.plan
	start, batch, inFlight := time.Now(), max(p.Batch, 1), max(p.InFlight, 1)
	if p.Rate == 0 {
		inFlight = 1
	}
	s.answers = make(chan answer, inFlight)
	for i := 0; i < p.Count; i += batch {
		intended, err := s.wait(ctx, start, i)
		if err != nil {
			return
		}
		if s.await(ctx, inFlight); s.final || p.isOver() { // what has been answered meanwhile
			break
		}
		s.announcer.tellRetracted(ctx)
		if err := s.send(ctx, intended, min(batch, p.Count-i)); err != nil {
			s.failed(err)
			break
		}
		if !s.await(ctx, inFlight-1) || s.final {
			break
		}
		s.announcer.tellRetracted(ctx)
		if s.refused && p.Rate == 0 && i+batch < p.Count && sleep.For(ctx, s.pause.NextBackOff()) != nil {
			return
		}
	}
	s.await(ctx, 0)
}

// wait sleeps until broadcast i is due and returns when that was. A late publisher
// stamps the scheduled time, so that its own lateness is part of the measured delay
// (no coordinated omission). It returns at once when no more are to be sent, and when
// nothing more can be, which the next Send will tell.
func (s *sending) wait(ctx context.Context, start time.Time, i int) (intended time.Time, err error) {
	p := s.plan
	if p.Rate == 0 || ctx.Err() != nil { // else one that is overdue might be sent all the same
		return time.Now(), ctx.Err()
	}
	intended = start.Add(time.Duration(float64(i) / p.Rate * float64(time.Second)))
	timer := time.NewTimer(s.announcer.untilSign(intended))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if !time.Now().Before(intended) {
				return intended, nil
			}
			s.announcer.signOfLife(ctx)
			timer.Reset(s.announcer.untilSign(intended))
		case <-s.broadcaster.Ended():
			return intended, nil
		case <-p.Until:
			return intended, nil
		case <-ctx.Done():
			return intended, ctx.Err()
		}
	}
}

// send sends the next n broadcasts in one request. Its error says why there can be none.
func (s *sending) send(ctx context.Context, intended time.Time, n int) error {
	stamps, texts := make([]stamp.Stamp, n), make([]string, n)
	for i := range stamps {
		var err error
		if stamps[i], err = s.publish(intended); err != nil {
			return err
		}
		texts[i] = stamps[i].String()
	}
	s.announcer.noteSending()
	s.waiting++
	batches, ok := s.broadcaster.(BatchBroadcaster)
	if !ok {
		s.answers <- answer{stamps, []error{s.broadcaster.Send(ctx, texts[0])}}
		return nil
	}
	sent := batches.SendBatch(ctx, texts)
	select {
	case errs := <-sent:
		s.answers <- answer{stamps, errs}
	default:
		go func() { s.answers <- answer{stamps, <-sent} }()
	}
	return nil
}

// publish enters the next broadcast in the ledger, and returns its stamp.
func (s *sending) publish(intended time.Time) (stamp.Stamp, error) {
	notifier, ok := s.broadcaster.(Notifier)
	if !ok {
		return s.series.Publish(intended), nil
	}
	to, err := notifier.Next()
	if err != nil {
		return stamp.Stamp{}, err
	}
	return s.series.PublishTo(to, intended), nil
}

// await waits until no more than that many requests have no answer, and settles those that
// have one. It reports whether the context hasn't ended.
func (s *sending) await(ctx context.Context, allowed int) bool {
	for s.waiting > 0 {
		var a answer
		select {
		case a = <-s.answers:
		default:
			if s.waiting <= allowed {
				return ctx.Err() == nil
			}
			select {
			case a = <-s.answers:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return false
		}
		s.waiting--
		s.settle(a.stamps, a.errs)
	}
	return ctx.Err() == nil
}

// settle enters what could be sent of one request, and what couldn't.
func (s *sending) settle(stamps []stamp.Stamp, errs []error) {
	failures := 0
	for i, err := range errs {
		if err == nil {
			s.series.Sent(stamps[i])
			continue
		}
		failures++
		s.series.Retract(stamps[i])
		s.announcer.noteRetracted()
		s.failed(err)
		var final *FinalError
		s.final = s.final || errors.As(err, &final)
	}
	if s.refused = failures == len(stamps); !s.refused {
		s.pause.Reset()
	}
}
