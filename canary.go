package pushgw

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// canaryPause is how long canaries have before the next are sent.
const canaryPause = time.Second

// canaries are what a barrier sends, to each audience in which a listener is yet to be
// reached, one after the other. So there is never more than one on its way to the gateway.
type canaries struct {
	*barrier
	call *call
	// open are what the latest were sent by. A connection stays open for a while, because an
	// application may look for the sender of a message when it gets round to it.
	open []broadcaster
	sent int
}

// maxCanarySenders bounds how many are open at a time.
const maxCanarySenders = 16

// awaitCanaries sends canaries through the gateway until enough listeners have heard one.
func (b *barrier) awaitCanaries(ctx context.Context, c *call) (any, error) {
	if _, err := b.awaitOwn(ctx, func(c ledger.Count) int { return c.Ready }); err != nil {
		return nil, err
	}
	sender := &canaries{barrier: b, call: c}
	defer sender.close()
	for {
		if err := sender.sendAll(ctx); err != nil {
			return nil, err
		}
		attempt, cancel := context.WithTimeout(ctx, canaryPause)
		count, err := b.awaitOwn(attempt, func(c ledger.Count) int { return c.Confirmed })
		cancel()
		switch {
		case err == nil:
			c.recorder.CountDeaf(count.Deaf())
			return readyResult{Ready: count.Confirmed, Deaf: count.Deaf(), Failed: count.Failed}, nil
		case ctx.Err() != nil:
			if sender.sent > 0 && errors.Is(context.Cause(ctx), errBarrierTimeout) { // else they had no time to hear
				c.recorder.CountDeaf(count.Deaf())
			}
			return nil, b.timeoutError(ctx, count, count.Confirmed, inVain(sender.sent, count.Confirmed, sender.open...))
		case !errors.Is(err, context.DeadlineExceeded): // else it is time for the next canaries
			c.recorder.CountDeaf(count.Deaf())
			return nil, err
		}
	}
}

// requireConfirmation has only listeners count that have heard something, until it is
// withdrawn.
func (b *barrier) requireConfirmation() (withdraw func()) {
	if b.audience != nil {
		b.audience.RequireConfirmation()
		return b.audience.WithdrawConfirmation
	}
	b.roster.RequireConfirmation()
	return b.roster.WithdrawConfirmation
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
	sender, err := s.sender(ctx, to.Name().Key)
	if err != nil {
		return err
	}
	if err := sender.Send(ctx, to.Canary().String()); err != nil {
		s.call.requestFailed(ctx, err)
		return err
	}
	s.sent++
	return nil
}

// sender returns what sends to an audience: one that is open, or a new one in place of that
// which has been open for longest.
func (s *canaries) sender(ctx context.Context, key string) (broadcaster, error) {
	for _, b := range s.open {
		if b.address(key) == nil {
			return b, nil
		}
	}
	if len(s.open) == maxCanarySenders {
		s.open[0].Close()
		s.open = s.open[1:]
	}
	s.call.becomeHost(key)
	b, err := s.call.client.backend.broadcaster(ctx, s.call, s.message, key)
	if err == nil {
		s.open = append(s.open, b)
	}
	return b, err
}

func (s *canaries) close() {
	for _, b := range s.open {
		b.Close()
	}
}

// inVain says that so many canaries were sent and nobody has heard any, and why, if the gateway
// has said so to whom sent them; empty if so many listeners have heard one.
func inVain(sent, confirmed int, senders ...broadcaster) string {
	if sent == 0 || confirmed > 0 {
		return ""
	}
	text := fmt.Sprintf("; %d canaries were sent, and nobody has heard any", sent)
	for _, b := range slices.Backward(senders) {
		if sender, ok := b.(*textBroadcaster); ok {
			if err := sender.host.Failure(); err != nil {
				return text + fmt.Sprintf("; the latest error that came back: %v", err)
			}
		}
	}
	return text + ", " + elsewhere
}
