package pushgw

import (
	"context"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/publish"
)

// broadcast is the JavaScript method: it publishes in the dialect's own way and waits
// for the account of the deliveries.
func (c *client) broadcast(value sobek.Value) *sobek.Promise {
	b := c.readBroadcast("broadcast()", value, c.constantAudience)
	call := c.begin("broadcast()", c.backend.host(b.audience))
	call.hears = c.audience(b.audience)
	answering := call.answerRollsIn(b.message)
	return call.promise(func(ctx context.Context) (any, error) {
		defer answering.begin(ctx)()
		broadcaster, err := c.backend.broadcaster(ctx, call, b.message, b.audience)
		if err != nil {
			call.openAccount(b).close()
			return nil, err
		}
		defer broadcaster.Close()
		return call.run(ctx, b, broadcaster)
	})
}

// defaultSettle is how long a broadcast may go unheard before it is lost.
const defaultSettle = 5 * time.Second

// broadcastOptions are those of one broadcast().
type broadcastOptions struct {
	plan     publish.Plan
	planned  int // zero where that isn't known before the end
	settle   time.Duration
	message  *message
	audience string // the key
}

// readBroadcast reads the options of broadcast(), or of another method that takes the same, and
// throws what is wrong with them. Def returns the key of the default audience, and whether
// there is one.
func (c *client) readBroadcast(method string, value sobek.Value, def func() (key string, ok bool)) *broadcastOptions {
	understood := false
	defer c.giveUpUnless(&understood)
	o := readOptions(value, method)
	b := new(broadcastOptions)
	b.plan.Count = o.integer("count", 1, 1)
	b.planned = b.plan.Count
	b.plan.Rate = o.perSecond("rate")
	b.readUntil(c.module.vu.Runtime(), o)
	b.settle = o.duration("settle", defaultSettle)
	b.message = c.backend.readBroadcast(o)
	b.plan.Batch, b.plan.InFlight = b.message.batch, b.message.inFlight
	key, known := def()
	if b.message.audience != "" {
		key, known = b.message.audience, true
	}
	b.audience = o.addressee(key, known)
	c.check(o)
	if err := c.backend.checkPublish(method, b.message); err != nil {
		c.module.throw(err)
	}
	understood = true
	return b
}

// broadcastResult is what broadcast() resolves with; times are in milliseconds.
type broadcastResult struct {
	Planned       int     `js:"planned"`
	Sent          int     `js:"sent"`
	Unsent        int     `js:"unsent"`
	Expected      int64   `js:"expected"`
	Received      int64   `js:"received"`
	Lost          int64   `js:"lost"`
	Missed        int64   `js:"missed"`
	Late          int64   `js:"late"`
	Duplicated    int64   `js:"duplicated"`
	Reordered     int64   `js:"reordered"`
	Indeterminate int64   `js:"indeterminate"`
	First         float64 `js:"first"`
	P50           float64 `js:"p50"`
	P99           float64 `js:"p99"`
	Last          float64 `js:"last"`
}

func newBroadcastResult(r *ledger.Result) broadcastResult {
	return broadcastResult{
		Planned: r.Planned, Sent: r.Sent, Unsent: r.Unsent,
		Expected: r.Expected, Received: r.Received, Lost: r.Lost, Missed: r.Missed, Late: r.Late,
		Duplicated: r.Duplicated, Reordered: r.Reordered, Indeterminate: r.Indeterminate,
		First: metrics.D(r.Slowest.First), P50: metrics.D(r.P50), P99: metrics.D(r.P99), Last: metrics.D(r.Slowest.Last),
	}
}

// run sends the series and returns its result, or the first error if nothing could be
// sent at all.
func (c *call) run(ctx context.Context, b *broadcastOptions, with publish.Broadcaster) (any, error) {
	if err := c.checkMixing(b.audience, with); err != nil {
		return nil, err
	}
	account := c.openAccount(b)
	defer account.close()
	var first, latest error
	b.plan.Test = c.process().ledger.Run()
	b.plan.Run(ctx, account.series, with, func(err error) {
		c.recorder.RequestFailed(err)
		latest = err
		if first == nil {
			first = c.logFailure(err)
		}
	})
	result := account.close()
	if result.Expected == 0 { // all listeners may be of other audiences, and wait for this to be over
		c.client.roster().Expect()(false)
	}
	if first != nil && result.Sent == 0 {
		return nil, first
	}
	c.warnOnce(result.Unsent > 0, "unsent", "%d of %d planned broadcasts were not sent, the latest because: %.300s "+
		"(only the first such broadcast() is logged, pushgw_unsent counts all)", result.Unsent, result.Planned, whyUnsent(latest))
	return newBroadcastResult(&result), nil
}

// checkMixing returns why a process of a distributed test can't send to an audience what it
// would, if it can't.
func (c *call) checkMixing(audience string, with publish.Broadcaster) error {
	_, toOne := with.(publish.Notifier)
	if !c.isDistributed() || c.client.audience(audience).Dedicate(toOne) {
		return nil
	}
	return scriptErrorf(nameUsageError, "in a test of several processes, one process can't both broadcast() and notify() to the audience %q: "+
		"the others would take the messages that they don't hear for broadcasts that were lost", audience)
}

// whyUnsent says why the latest broadcast that could not be sent wasn't; nil if none was tried.
func whyUnsent(latest error) string {
	if latest == nil {
		return "the iteration ended first"
	}
	return latest.Error()
}

// logFailure logs the first broadcast of a series that could not be sent, and returns
// it as the script will see it.
func (c *call) logFailure(err error) error {
	c.state.Logger.WithError(err).Error("pushgw: a broadcast could not be sent (only the first of a broadcast() is logged, pushgw_unsent counts all)")
	return &scriptError{name: namePublishError, code: named(err).code, err: err}
}
