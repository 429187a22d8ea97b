package pushgw

import (
	"context"
	"errors"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// canaryPause is how long canaries have before the next are sent.
const canaryPause = time.Second

// canaries are what a barrier sends, to each audience in which a listener is yet to be
// reached, one after the other. So there is never more than one on its way to the gateway.
type canaries struct {
	*barrier
	call        *call
	broadcaster broadcaster // nil until the first is about to be sent
	sent        bool        // at least one
}

// awaitCanaries sends canaries through the gateway until enough listeners have heard one.
// From then on, only those that have heard something count as listeners.
func (b *barrier) awaitCanaries(ctx context.Context, c *call) (any, error) {
	b.requireConfirmation()
	if _, err := b.await(ctx, func(c ledger.Count) int { return c.Ready }); err != nil {
		return nil, err
	}
	sender := &canaries{barrier: b, call: c}
	defer sender.close()
	for {
		if err := sender.sendAll(ctx); err != nil {
			return nil, err
		}
		attempt, cancel := context.WithTimeout(ctx, canaryPause)
		count, err := b.await(attempt, func(c ledger.Count) int { return c.Confirmed })
		cancel()
		switch {
		case err == nil:
			c.recorder.CountDeaf(count.Deaf())
			return readyResult{Ready: count.Confirmed, Deaf: count.Deaf(), Failed: count.Failed}, nil
		case ctx.Err() != nil:
			if sender.sent && errors.Is(context.Cause(ctx), errBarrierTimeout) { // else they had no time to hear
				c.recorder.CountDeaf(count.Deaf())
			}
			return nil, b.timeoutError(ctx, count, count.Confirmed)
		case !errors.Is(err, context.DeadlineExceeded): // else it is time for the next canaries
			c.recorder.CountDeaf(count.Deaf())
			return nil, err
		}
	}
}

// requireConfirmation has only listeners count that have heard something.
func (b *barrier) requireConfirmation() {
	if b.audience != nil {
		b.audience.RequireConfirmation()
		return
	}
	b.roster.RequireConfirmation()
}

// unconfirmed returns the audiences in which a listener is yet to be reached.
func (b *barrier) unconfirmed() []*ledger.Audience {
	if b.audience != nil {
		return []*ledger.Audience{b.audience}
	}
	return b.roster.Unconfirmed()
}

// sendAll sends one canary to each audience that needs one. Once the context ends, what fails
// does so because of that, and is no error.
func (s *canaries) sendAll(ctx context.Context) error {
	for _, audience := range s.unconfirmed() {
		err := s.send(ctx, audience)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// send sends one canary.
func (s *canaries) send(ctx context.Context, to *ledger.Audience) error {
	if err := s.address(ctx, to.Name().Key); err != nil {
		return err
	}
	if err := s.broadcaster.Send(ctx, to.Canary().String()); err != nil {
		if ctx.Err() == nil {
			s.call.recorder.RequestFailed(err)
		}
		return err
	}
	s.sent = true
	return nil
}

// address has the next canary go to an audience.
func (s *canaries) address(ctx context.Context, key string) (err error) {
	if s.broadcaster != nil {
		return s.broadcaster.address(ctx, key)
	}
	backend, vu, index := s.call.client.backend, s.call.who.vu, s.call.who.index
	s.call.who = backend.host(key)
	s.call.who.vu, s.call.who.index = vu, index
	s.broadcaster, err = backend.broadcaster(ctx, s.call, s.message, key)
	return err
}

func (s *canaries) close() {
	if s.broadcaster != nil {
		s.broadcaster.Close()
	}
}
