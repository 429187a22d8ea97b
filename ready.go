package pushgw

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// readyResult is what ready() resolves with.
type readyResult struct {
	Ready  int `js:"ready"`
	Deaf   int `js:"deaf"`
	Failed int `js:"failed"`
}

// barrier is what ready() waits for.
type barrier struct {
	listeners int // of the whole test
	quorum    float64
	timeout   time.Duration
	canary    bool
	tuple     *lib.ExecutionTuple // this process's part of the test
}

// errBarrierTimeout tells the barrier's own timeout from the end of the iteration.
var errBarrierTimeout = errors.New("not ready in time")

// ready is the JavaScript method: the barrier between opening connections and
// broadcasting to them.
func (c *client) ready(value sobek.Value) *sobek.Promise {
	o := readOptions(value, "ready()")
	o.require("listeners", "how many are to be waited for?")
	b := &barrier{
		listeners: o.integer("listeners", 1, 1),
		quorum:    o.number("quorum", 1, 0),
		timeout:   o.duration("timeout", time.Minute),
		canary:    o.flag("canary"),
	}
	if b.quorum > 1 {
		o.fail("quorum", "must be a share from 0 to 1, not %v", b.quorum)
	}
	c.check(o)
	canaries, err := c.canaries()
	if b.canary && err != nil {
		throw(c.vu.Runtime(), err)
	}
	call := c.begin("ready()", roleHost)
	options := call.state.Options
	b.tuple, err = lib.NewExecutionTuple(options.ExecutionSegment, options.ExecutionSegmentSequence)
	if err != nil {
		throw(c.vu.Runtime(), err)
	}
	return promise(c.vu, func(ctx context.Context) (any, error) {
		defer call.keep(nil)()
		ctx, cancel := context.WithTimeoutCause(ctx, b.timeout, errBarrierTimeout)
		defer cancel()
		if b.canary {
			return b.hear(ctx, call, canaries)
		}
		count, err := b.await(ctx, call.listeners(), func(c ledger.Count) int { return c.Ready })
		if err != nil {
			return nil, err
		}
		return readyResult{Ready: count.Ready, Failed: count.Failed}, nil
	})
}

// await waits until the audience is as large as the barrier wants, by that measure.
func (b *barrier) await(ctx context.Context, a *ledger.Audience, measure func(ledger.Count) int) (ledger.Count, error) {
	for {
		count, changed := a.Watch()
		if measure(count) >= b.needed(count.LargestGroup) {
			return count, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return count, b.why(ctx, count, measure(count))
		}
	}
}

// needed is how many listeners this process has to have. Where connections are
// opened in groups, one group a VU, it is groups that k6 divides among processes.
func (b *barrier) needed(group int) int {
	if group < 1 || b.listeners%group != 0 {
		group = 1
	}
	share := int(b.tuple.ScaleInt64(int64(b.listeners/group))) * group
	return int(math.Ceil(float64(share)*b.quorum - 1e-9))
}

// why says what kept the barrier waiting. Ready is how many fulfilled it; who was
// acknowledged and didn't is deaf.
func (b *barrier) why(ctx context.Context, count ledger.Count, ready int) error {
	if !errors.Is(context.Cause(ctx), errBarrierTimeout) {
		return ctx.Err()
	}
	return scriptErrorf(nameTimeoutError,
		"ready(): after %s, of %d listeners %d are ready, %d connecting, %d failed, %d left, %d deaf",
		b.timeout, b.needed(count.LargestGroup), ready, count.Connecting, count.Failed, count.Left, count.Ready-ready)
}

// canaryPause is how long a canary has before the next is sent.
const canaryPause = time.Second

// hear sends canaries through the gateway until enough listeners have heard one.
// From then on, only those who have heard something count as listeners.
func (b *barrier) hear(ctx context.Context, c *call, open publisher) (any, error) {
	audience := c.listeners()
	audience.RequireConfirmation()
	if _, err := b.await(ctx, audience, func(c ledger.Count) int { return c.Ready }); err != nil {
		return nil, err
	}
	send, done, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer done()
	account := audience.OpenCanaries()
	defer account.Close()
	for {
		s := account.Publish(time.Now())
		if err := send(ctx, s.String()); err != nil && ctx.Err() == nil {
			c.recorder.Unanswered(err)
			return nil, err
		}
		attempt, cancel := context.WithTimeout(ctx, canaryPause)
		count, err := b.await(attempt, audience, func(c ledger.Count) int { return c.Confirmed })
		cancel()
		switch {
		case err == nil:
			c.recorder.Heard(count.Deaf())
			return readyResult{Ready: count.Confirmed, Deaf: count.Deaf(), Failed: count.Failed}, nil
		case ctx.Err() != nil:
			c.recorder.Heard(count.Deaf())
			return nil, b.why(ctx, count, count.Confirmed)
		}
	}
}
