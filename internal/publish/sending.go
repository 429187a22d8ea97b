package publish

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// sending is a series that is being sent.
type sending struct {
	plan        *Plan
	series      *ledger.Series
	broadcaster Broadcaster
	failed      func(error)
	pause       *backoff.ExponentialBackOff

	inFlight []request // whose answers are awaited, in the order in which they were sent
	final    bool      // nothing more can be sent
	refused  bool      // of the latest request that was answered nothing could be sent
}

// request is one request, with a broadcast for each of the stamps.
type request struct {
	stamps []stamp.Stamp
	answer <-chan []error
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
	for i := 0; i < p.Count; i += batch {
		intended, err := p.wait(ctx, s.broadcaster.Ended(), start, i)
		if err != nil {
			return
		}
		if s.await(ctx, inFlight); s.final { // what has been answered meanwhile
			break
		}
		s.send(ctx, intended, min(batch, p.Count-i))
		if !s.await(ctx, inFlight-1) || s.final {
			break
		}
		if s.refused && p.Rate == 0 && i+batch < p.Count && sleep(ctx, s.pause.NextBackOff()) != nil {
			return
		}
	}
	s.await(ctx, 0)
}

// send sends the next n broadcasts in one request.
func (s *sending) send(ctx context.Context, intended time.Time, n int) {
	r := request{stamps: make([]stamp.Stamp, n)}
	texts := make([]string, n)
	for i := range r.stamps {
		r.stamps[i] = s.series.Publish(intended.Add(s.plan.ClockOffset))
		texts[i] = r.stamps[i].String()
	}
	if batches, ok := s.broadcaster.(BatchBroadcaster); ok {
		r.answer = batches.SendBatch(ctx, texts)
	} else {
		r.answer = answered(s.broadcaster.Send(ctx, texts[0]))
	}
	s.inFlight = append(s.inFlight, r)
}

// answered is the answer to a request that is there already.
func answered(errs ...error) <-chan []error {
	answer := make(chan []error, 1)
	answer <- errs
	return answer
}

// await waits until the answers to no more than that many requests are awaited, and
// settles those that are there. It reports whether the context hasn't ended.
func (s *sending) await(ctx context.Context, allowed int) bool {
	for len(s.inFlight) > 0 {
		r := s.inFlight[0]
		var errs []error
		select {
		case errs = <-r.answer:
		default:
			if len(s.inFlight) <= allowed {
				return ctx.Err() == nil
			}
			select {
			case errs = <-r.answer:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return false
		}
		s.inFlight = s.inFlight[1:]
		s.settle(r.stamps, errs)
	}
	return ctx.Err() == nil
}

// settle takes back what could not be sent of one request.
func (s *sending) settle(stamps []stamp.Stamp, errs []error) {
	failures := 0
	for i, err := range errs {
		if err == nil {
			continue
		}
		failures++
		s.series.Retract(stamps[i])
		s.failed(err)
		var final *FinalError
		s.final = s.final || errors.As(err, &final)
	}
	if s.refused = failures == len(stamps); !s.refused {
		s.pause.Reset()
	}
}
