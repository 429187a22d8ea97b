package appsync

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/tidwall/gjson"
)

// maxSubscriptions is how many subscriptions a connection may have
// (docs.aws.amazon.com/general/latest/gr/appsync.html).
const maxSubscriptions = 200

// maxFailed is how many ids of failed starts are kept for a connection.
const maxFailed = 1000

// connection is an open connection. What has no other owner is used only by the goroutine
// that reads it.
type connection struct {
	*socket.Conn

	gateway         *Gateway
	host            string // the one that credentials must be for
	subscriptions   []*subscription
	failed          map[string]bool // the ids of starts that failed, which can't be used again
	acknowledgement realtime.Acknowledgement
	keptAlive       realtime.KeptAlive
}

// Text handles one message from the client.
func (c *connection) Text(text []byte) {
	if c.acknowledgement.Pending() {
		return
	}
	m := gjson.ParseBytes(text)
	if !gjson.ValidBytes(text) || !m.IsObject() {
		c.fail("", unsupported())
		return
	}
	switch m.Get("type").Str {
	case "connection_init":
		c.acknowledge()
	case "start":
		c.start(m.Get("id"), m.Get("payload"))
	case "stop":
		c.stop(m.Get("id"))
	default:
		c.fail("", unsupported())
	}
}

// acknowledge answers a connection_init, and begins the intervals of the keep-alives.
func (c *connection) acknowledge() {
	c.acknowledgement.After(c.gateway.config.AckDelay, func() {
		_ = c.Write(ackFrame) // a connection whose write fails is closed
		if !c.gateway.faults.StopKeepAlive() {
			_ = c.Write(realtime.KeepAliveFrame)
		}
		c.gateway.keepAlives.Schedule(&c.keptAlive)
	})
}

// Closed ends the subscriptions.
func (c *connection) Closed() {
	c.gateway.keepAlives.Leave(&c.keptAlive)
	if len(c.subscriptions) > 0 {
		c.gateway.Ready.Add(-1)
	}
	for _, s := range c.subscriptions {
		c.gateway.broker.leave(s)
	}
	c.subscriptions = nil
}

// start begins a subscription. It is registered before start_ack is written, so
// that a client that has read start_ack misses nothing.
func (c *connection) start(id, payload gjson.Result) {
	document, auth := payload.Get("data"), payload.Get("extensions.authorization")
	if id.Type != gjson.String || id.Str == "" || document.Type != gjson.String || !auth.IsObject() {
		c.fail("", unsupported())
		return
	}
	if c.gateway.starts != nil && !c.gateway.starts.Allow() {
		c.exceeded("", rateExceeded)
		return
	}
	if p := c.gateway.config.Access.CheckMessage(auth, c.host, "/graphql", []byte(document.Str)); p != nil {
		c.refuse(id.Str, errorFrame(id.Str, *p))
		return
	}
	if !c.admit(id.Str) {
		return
	}
	group, wrong, err := c.gateway.group(document.Str)
	switch {
	case errors.Is(err, errRealtime):
		c.fail("", unsupported())
	case err != nil:
		c.refuse(id.Str, errorFrame(id.Str, problem{Type: "BadRequestException", Message: err.Error(), Code: http.StatusBadRequest}))
	case wrong != nil:
		c.refuse(id.Str, invalidFrame(id.Str, wrong))
	default:
		c.subscribe(id, group)
	}
}

// subscribe registers a subscription and acknowledges it.
func (c *connection) subscribe(id gjson.Result, to *group) {
	s := newSubscription(c, id)
	if len(c.subscriptions) == 0 {
		c.gateway.Ready.Add(1)
	}
	c.subscriptions = append(c.subscriptions, s)
	c.gateway.faults.Ready(&s.subscriber.Listener)
	c.gateway.broker.join(s, to)
	_ = c.Write(message{ID: id.Str, Type: "start_ack"}.frame())
}

// admit reports whether there may be a subscription with an id, and says so if not.
func (c *connection) admit(id string) bool {
	if c.find(id) >= 0 || c.failed[id] {
		c.fail(id, problem{Type: "DuplicatedOperationError", Message: fmt.Sprintf("Duplicated operation id %s", id)})
		return false
	}
	if len(c.subscriptions) >= maxSubscriptions {
		c.exceeded(id, problem{
			Type:    "MaxSubscriptionsReachedError",
			Message: fmt.Sprintf("Max number of %d subscriptions reached", maxSubscriptions),
		})
		return false
	}
	return true
}

// refuse answers a start that failed, whose id can't be used again.
func (c *connection) refuse(id string, frame []byte) {
	if c.failed == nil {
		c.failed = map[string]bool{}
	}
	if len(c.failed) < maxFailed {
		c.failed[id] = true
	}
	_ = c.WriteError(frame)
}

// stop ends a subscription.
func (c *connection) stop(id gjson.Result) {
	i := c.find(id.Str)
	if i < 0 {
		c.fail(id.Str, problem{Type: "UnknownOperationError", Message: "Unknown operation id " + id.Str})
		return
	}
	c.gateway.broker.leave(c.subscriptions[i])
	c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
	if len(c.subscriptions) == 0 {
		c.gateway.Ready.Add(-1)
	}
	_ = c.Write(message{ID: id.Str, Type: "complete"}.frame())
}

// find returns the index of the subscription with an id, or -1.
func (c *connection) find(id string) int {
	return slices.IndexFunc(c.subscriptions, func(s *subscription) bool { return s.name() == id })
}

// fail writes an error about an operation, or about none if id is empty.
func (c *connection) fail(id string, p problem) { _ = c.WriteError(errorFrame(id, p)) }

// exceeded writes an error about a limit.
func (c *connection) exceeded(id string, p problem) {
	_ = c.WriteError(limitFrame(id, p, c.gateway.config.SingleErrors))
}

// rateExceeded comes without an id.
var rateExceeded = problem{Type: "LimitExceededError", Message: "Rate limit exceeded"}

// unsupported is AppSync's answer to a message that it doesn't understand, and to a query or
// a mutation.
func unsupported() problem {
	return problem{
		Type: "UnsupportedOperation", Message: "unknown not supported through the realtime channel",
		Code: http.StatusBadRequest,
	}
}
