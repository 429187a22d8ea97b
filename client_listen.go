package pushgw

import (
	"context"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// listenResult is what listen() resolves with.
type listenResult struct {
	Opened     int64 `js:"opened"`
	Ready      int64 `js:"ready"`
	Failed     int64 `js:"failed"`
	Unfinished int64 `js:"unfinished"`
	Received   int64 `js:"received"`
	Closed     int64 `js:"closed"`
}

// listen is the JavaScript method: it holds connections until its duration ends, the
// broadcasts to them are over, the scenario stops it or no connection is left.
func (c *client) listen(value sobek.Value) *sobek.Promise {
	o := readOptions(value, "listen()")
	plan := listen.Plan{
		Connections: o.integer("connections", 1, 1),
		Rate:        o.perSecond("rate"),
		Duration:    o.duration("duration", 0),
	}
	if _, given := o.raw("until"); given {
		plan.UntilBroadcast = o.oneOf("until", "broadcast") != ""
	}
	c.check(o)
	if err := c.backend.checkListen(); err != nil {
		c.module.throw(err)
	}
	call := c.begin("listen()", identity{role: telemetry.RoleListener})
	if key, ok := c.constantAudience(); ok {
		call.hears = c.audience(key)
	}
	answering := call.answerRolls()
	group := listen.NewGroup(call.listeners(plan.Connections), c.roster())
	return newPromise(c.module.vu, func(ctx context.Context) (any, error) {
		defer call.startTicking(group.Tick)()
		c.relisten.prepare(&plan)
		defer answering.begin(ctx)()
		answering.tellSomebody()
		summary := group.Run(ctx, plan)
		c.relisten.after(&summary)
		answering.tellNobody()
		return newListenResult(&summary), nil
	})
}

func newListenResult(s *listen.Summary) listenResult {
	return listenResult{
		Opened: s.Opened, Ready: s.Ready, Failed: s.Failed, Unfinished: s.Unfinished,
		Received: s.Received, Closed: s.Closed,
	}
}
