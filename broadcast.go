package pushgw

import (
	"context"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// broadcastPlan is how a series of broadcasts is sent.
type broadcastPlan struct {
	count int
	// rate is how many are sent each second; zero for one right after another.
	rate float64
	// settle is how long to wait for a delivery after the last one.
	settle time.Duration
}

const defaultSettle = 5 * time.Second

func readBroadcastPlan(o *options) *broadcastPlan {
	return &broadcastPlan{
		count:  o.integer("count", 1, 1),
		rate:   o.number("rate", 0, 0),
		settle: o.duration("settle", defaultSettle),
	}
}

// broadcastResult is what broadcast() resolves with; times are in milliseconds.
type broadcastResult struct {
	Sent          int     `js:"sent"`
	Expected      int64   `js:"expected"`
	Received      int64   `js:"received"`
	Lost          int64   `js:"lost"`
	Duplicated    int64   `js:"duplicated"`
	Reordered     int64   `js:"reordered"`
	Indeterminate int64   `js:"indeterminate"`
	First         float64 `js:"first"`
	P50           float64 `js:"p50"`
	P99           float64 `js:"p99"`
	Last          float64 `js:"last"`
}

func newBroadcastResult(r *ledger.Result) broadcastResult {
	slowest := r.Slowest()
	return broadcastResult{
		Sent: r.Sent, Expected: r.Expected, Received: r.Received, Lost: r.Lost,
		Duplicated: r.Duplicated, Reordered: r.Reordered, Indeterminate: r.Indeterminate,
		First: metrics.D(slowest.First), P50: metrics.D(r.P50), P99: metrics.D(r.P99), Last: metrics.D(slowest.Last),
	}
}

// publisher returns what sends broadcasts, and what to call behind the last.
type publisher func(ctx context.Context, c *call) (send publish, done func(), err error)

// broadcast publishes by the dialect's own way and waits for the account of the
// deliveries.
func (c *client) broadcast(plan *broadcastPlan, open publisher) *sobek.Promise {
	call := c.begin("broadcast()", roleHost)
	return promise(c.vu, func(ctx context.Context) (any, error) {
		defer call.keep(nil)()
		send, done, err := open(ctx, call)
		if err != nil {
			return nil, err
		}
		defer done()
		return call.publish(ctx, c.listeners(), plan, send)
	})
}

// publish sends the broadcasts at their pace and waits until the account can be
// closed.
func (c *call) publish(ctx context.Context, to *ledger.Audience, plan *broadcastPlan, send publish) (any, error) {
	account := to.OpenSeries(plan.settle)
	var failed error
	start := time.Now()
	for i := range plan.count {
		intended, err := plan.wait(ctx, start, i)
		if err != nil {
			break
		}
		s := account.Publish(intended.Add(c.clockOffset))
		err = send(ctx, s.String())
		if ctx.Err() != nil {
			break // whether it was sent isn't known, and nobody's fault
		}
		if err != nil {
			account.Retract(s)
			c.recorder.Unanswered(err)
			failed = c.complain(failed, err)
		}
	}
	account.Settle(ctx)
	result := account.Close()
	c.recorder.Settled(&result)
	c.recorder.flush()
	if failed != nil && result.Sent == 0 {
		return nil, failed
	}
	c.warn(&result)
	return newBroadcastResult(&result), nil
}

// warn says, once for the process, what keeps an account from telling of loss.
func (c *call) warn(result *ledger.Result) {
	switch {
	case result.Sent > 0 && result.Expected == 0 && c.first("nobody listens"):
		c.state.Logger.Warn("pushgw: nobody was expected to hear a broadcast, for no listener of this process was ready; " +
			"what listeners of other processes lose is in no account")
	case result.Indeterminate > 0 && c.first("indeterminate"):
		c.state.Logger.Warnf("pushgw: %d of %d deliveries are indeterminate, neither received nor lost: "+
			"listeners came or left while they were under way, or the test ended", result.Indeterminate, result.Expected)
	}
}

// complain logs the first broadcast that could not be sent, and keeps it.
func (c *call) complain(first, err error) error {
	if first != nil {
		return first
	}
	c.state.Logger.WithError(err).Error("pushgw: a broadcast could not be sent (of further ones, ResponseSuccessRate tells)")
	failed := named(err)
	return &scriptError{name: namePublishError, code: failed.code, err: err}
}

// wait sleeps until broadcast i is due, and says when that was meant to be: who
// is late stamps the time that was meant, so that his own delay isn't hidden.
func (p *broadcastPlan) wait(ctx context.Context, start time.Time, i int) (intended time.Time, err error) {
	if p.rate == 0 || ctx.Err() != nil { // else one that is overdue might go first
		return time.Now(), ctx.Err()
	}
	intended = start.Add(time.Duration(float64(i) / p.rate * float64(time.Second)))
	timer := time.NewTimer(time.Until(intended))
	defer timer.Stop()
	select {
	case <-timer.C:
		return intended, nil
	case <-ctx.Done():
		return intended, ctx.Err()
	}
}
