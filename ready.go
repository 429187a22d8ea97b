package pushgw

import (
	"context"
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

// ready is the JavaScript method: the barrier between opening connections and
// broadcasting to them.
func (c *client) ready(value sobek.Value) *sobek.Promise {
	o := readOptions(value, "ready()")
	o.require("listeners", "how many are to be waited for?")
	listeners := o.integer("listeners", 1, 1)
	timeout := o.duration("timeout", time.Minute)
	c.check(o)
	call := c.begin("ready()", roleHost)
	share := shareOf(listeners, &call.state.Options)
	return promise(c.vu, func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, context.DeadlineExceeded)
		defer cancel()
		count, err := await(ctx, c.listeners(), share)
		if err != nil {
			return nil, err
		}
		return readyResult{Ready: count.Ready, Failed: count.Failed}, nil
	})
}

// await waits until that many listeners are ready.
func await(ctx context.Context, audience *ledger.Audience, listeners int) (ledger.Count, error) {
	for {
		count, changed := audience.Watch()
		if count.Ready >= listeners {
			return count, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if context.Cause(ctx) != context.DeadlineExceeded { //nolint:errorlint // the cause given above
				return count, ctx.Err()
			}
			return count, scriptErrorf(nameTimeoutError,
				"ready(): of %d listeners %d are ready, %d connecting, %d failed, %d left",
				listeners, count.Ready, count.Connecting, count.Failed, count.Left)
		}
	}
}

// shareOf is this process's part of a number that is meant for the whole test,
// when k6 was started with an execution segment.
func shareOf(n int, o *lib.Options) int {
	tuple, err := lib.NewExecutionTuple(o.ExecutionSegment, o.ExecutionSegmentSequence)
	if err != nil {
		return n // k6 has checked them and would not have started
	}
	return int(tuple.ScaleInt64(int64(n)))
}
