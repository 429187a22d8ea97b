package pushgw

import (
	"context"
	"errors"
	"math"
	"time"

	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// barrier is what ready() waits for.
type barrier struct {
	client    *client
	roster    *ledger.Roster
	audience  *ledger.Audience // nil: the listeners of all audiences
	message   *message         // of canaries
	listeners int              // of the whole test
	quorum    float64
	timeout   time.Duration
	canary    bool
	tuple     *lib.ExecutionTuple // this process's part of the test

	unreachableSince time.Time // zero while it may yet be reached
	tried            int       // how many listeners had been then, see everTried
}

// errBarrierTimeout tells the barrier's own timeout from the end of the iteration.
var errBarrierTimeout = errors.New("not ready in time")

// run waits for the barrier. Meanwhile listeners that wait for broadcasts to be over stay. With
// canaries, broadcasts are due only to listeners that have heard something, from now on, unless
// the barrier fails.
func (b *barrier) run(ctx context.Context, c *call) (any, error) {
	fulfilled := false // nor is it if there is a panic
	if b.canary {
		withdraw := b.requireConfirmation()
		defer func() {
			if !fulfilled {
				withdraw()
			}
		}()
	}
	end := b.expect()
	defer func() { end(fulfilled) }()
	result, err := b.await(ctx, c)
	fulfilled = err == nil
	return result, err
}

// await waits until the barrier is reached, in all processes of a distributed test, or can't be
// any more.
func (b *barrier) await(ctx context.Context, c *call) (any, error) {
	if c.isDistributed() {
		return b.awaitAll(ctx, c)
	}
	if b.canary {
		return b.awaitCanaries(ctx, c)
	}
	count, err := b.awaitOwn(ctx, func(c ledger.Count) int { return c.Ready })
	if err != nil {
		return nil, err
	}
	return readyResult{Ready: count.Ready, Failed: count.Failed}, nil
}

// expect has listeners that wait for broadcasts to be over know that there may be some, until
// it ends; and if the barrier wasn't fulfilled, that there may be none.
func (b *barrier) expect() (end func(fulfilled bool)) {
	if b.audience == nil {
		return b.roster.Expect()
	}
	endHere := b.audience.Expect()
	return func(fulfilled bool) {
		endHere(fulfilled)
		if !fulfilled { // the client's listeners may all be of others, by a slip of the pen
			b.roster.Expect()(false)
		}
	}
}

// watch returns how the listeners of this process stand, and two channels of which either
// tells when that changes.
func (b *barrier) watch() (count ledger.Count, changed, also <-chan struct{}) {
	return standing(b.roster, b.audience)
}

// awaitOwn waits until measure says that there are as many listeners of this process as the
// barrier wants. It gives up when that can't happen any more.
func (b *barrier) awaitOwn(ctx context.Context, measure func(ledger.Count) int) (ledger.Count, error) {
	for {
		count, changed, also := b.watch()
		if measure(count) >= b.needed(count.LargestGroup) {
			return count, nil
		}
		again, over := b.givesUp(count)
		if over {
			return count, b.unreachableError(count)
		}
		select {
		case <-changed:
		case <-also:
		case <-again:
		case <-ctx.Done():
			return count, b.timeoutError(ctx, count, measure(count), "")
		}
	}
}

// betweenCalls is how long nothing may happen between one listen() and the next of a
// scenario that goes on calling it.
const betweenCalls = time.Second

// betweenVUs is how long no listener may come where some VU's may yet be in an audience that
// nobody is in: k6 may start VUs slowly.
const betweenVUs = 10 * time.Second

// givesUp reports whether the barrier has been out of reach for so long that no further call of
// listen() is likely. If it may yet come to that, the channel tells when to ask again.
func (b *barrier) givesUp(count ledger.Count) (again <-chan time.Time, over bool) {
	patience, tried := b.patience(count), b.everTried()
	if patience == 0 {
		b.unreachableSince = time.Time{}
		if b.audience == nil {
			return nil, false
		}
		return time.After(betweenVUs), false // of other clients' listeners nobody tells
	}
	if b.unreachableSince.IsZero() || tried != b.tried {
		b.unreachableSince, b.tried = time.Now(), tried
	}
	left := time.Until(b.unreachableSince.Add(patience))
	if left <= 0 {
		return nil, true
	}
	return time.After(left), false
}

// patience is for how long nothing may happen until the barrier is given up; zero while it can be
// reached. It can't if too few listeners are ready and no call is under way that could bring
// more, though as many as are needed have been tried, or all have left, or none of them is in
// the audience.
func (b *barrier) patience(count ledger.Count) time.Duration {
	needed := b.needed(count.LargestGroup)
	switch {
	case count.Ready >= needed || count.Connecting+count.Planned > 0:
		return 0
	case count.Ready+count.Failed+count.CutOff >= needed:
		return betweenCalls
	case count.Ready > 0:
		return 0
	case b.audience == nil && count.Failed+count.Left >= needed:
		return betweenCalls
	case b.audience != nil && b.everTried() >= needed && b.client.module.process.ledger.Coming() == 0:
		return betweenVUs
	default:
		return 0
	}
}

// everTried is how many listeners of the client were ever acknowledged, or failed, in whichever
// audience.
func (b *barrier) everTried() int {
	all, _ := b.roster.Watch()
	return all.Ready + all.Failed + all.Left
}

// needed is how many of the listeners are this process's part. Where each VU opens a group of
// connections, k6 divides the groups among processes, not the connections.
func (b *barrier) needed(group int) int {
	if group < 1 || b.listeners%group != 0 {
		group = 1
	}
	return b.neededOf(int(b.tuple.ScaleInt64(int64(b.listeners/group))) * group)
}

// neededOf is how many of so many listeners make the quorum.
func (b *barrier) neededOf(listeners int) int {
	return int(math.Ceil(float64(listeners)*b.quorum - 1e-9))
}
