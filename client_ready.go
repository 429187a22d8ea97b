package pushgw

import (
	"context"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/telemetry"
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
	b := c.readBarrier(value)
	call := c.begin("ready()", identity{role: telemetry.RoleHost})
	options := call.state.Options
	var err error
	b.tuple, err = lib.NewExecutionTuple(options.ExecutionSegment, options.ExecutionSegmentSequence)
	if err != nil {
		c.module.throw(err)
	}
	if call.isDistributed() {
		call.hears = b.askedAudience()
	}
	answering := call.answerRollsIn(b.message)
	return call.promise(func(iteration context.Context) (any, error) {
		defer answering.begin(iteration)()
		ctx, cancel := context.WithTimeoutCause(iteration, b.timeout, errBarrierTimeout)
		defer cancel()
		result, err := b.run(ctx, call)
		if err != nil && iteration.Err() == nil { // else nobody knows what would have come of it
			call.recorder.BarrierFailed(err)
		}
		return result, err
	})
}

// readBarrier reads the options of ready(), and throws what is wrong with them.
func (c *client) readBarrier(value sobek.Value) *barrier {
	understood := false
	defer c.giveUpUnless(&understood)
	o := readOptions(value, "ready()")
	o.require("listeners", "how many are to be waited for?")
	b := &barrier{
		client:    c,
		listeners: o.integer("listeners", 1, 1),
		quorum:    o.number("quorum", 1, 0),
		timeout:   o.duration("timeout", time.Minute),
		canary:    o.boolean("canary"),
		roster:    c.roster(),
	}
	if key := o.addressee("", true); key != "" {
		b.audience = c.audience(key)
	}
	b.message = c.backend.readBroadcast(o)
	if b.quorum > 1 {
		o.fail("quorum", "must be a share from 0 to 1, not %v", b.quorum)
	}
	c.check(o)
	b.message.byAudience = true
	if b.canary {
		b.checkCanaries()
	}
	understood = true
	return b
}

// checkCanaries throws why the barrier can't send canaries, if it can't.
func (b *barrier) checkCanaries() {
	key := ""
	if b.audience != nil {
		key = b.audience.Name().Key
	}
	err := b.client.backend.checkCanaries(b.message, key)
	if err == nil {
		err = b.client.backend.checkPublish("ready() with canary", b.message)
	}
	if err != nil {
		b.client.module.throw(err)
	}
}
