package events

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/tidwall/gjson"
	"golang.org/x/time/rate"
)

// maxSubscriptions is how many subscriptions a connection may have
// (docs.aws.amazon.com/general/latest/gr/appsync.html).
const maxSubscriptions = 200

// validID matches the ids of operations.
var validID = regexp.MustCompile(`^[A-Za-z0-9_+-]{1,128}$`)

// connection is an open connection. What isn't atomic is used only by the goroutine that
// reads it.
type connection struct {
	*socket.Conn

	gateway         *Gateway
	host            string // the one that credentials must be for
	subscriptions   []*subscription
	pace            *rate.Limiter // of requests to publish
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
		c.fail("error", "", unsupported())
		return
	}
	switch kind := m.Get("type").Str; kind {
	case "connection_init":
		c.acknowledge()
	case "subscribe", "unsubscribe", "publish":
		c.operate(kind, m)
	default:
		c.fail("error", "", unsupported())
	}
}

// operate handles a message that begins or ends an operation.
func (c *connection) operate(kind string, m gjson.Result) {
	if id := m.Get("id"); id.Type != gjson.String || !validID.MatchString(id.Str) {
		c.fail("error", "", auth.Problem{Type: badRequest, Message: "Invalid operation id", Code: http.StatusBadRequest})
		return
	}
	switch kind {
	case "subscribe":
		c.subscribe(m)
	case "unsubscribe":
		c.unsubscribe(m)
	default:
		c.publish(m)
	}
}

// acknowledge answers a connection_init, and begins the intervals of the keep-alives.
func (c *connection) acknowledge() {
	c.acknowledgement.After(c.gateway.config.AckDelay, func() {
		_ = c.Write(ackFrame) // a connection whose write fails is closed
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

// subscribe begins a subscription. It is registered before subscribe_success is written,
// so that a client that has read that misses nothing.
func (c *connection) subscribe(m gjson.Result) {
	id, to := m.Get("id"), m.Get("channel")
	if p := c.authorize(m, `{"channel":`+to.Raw+`}`); p != nil {
		c.fail("subscribe_error", id.Str, *p)
		return
	}
	channel, p := c.gateway.channel(to, true)
	if p == nil {
		p = c.admit(id.Str)
	}
	if p == nil && len(c.subscriptions) >= maxSubscriptions {
		p = &auth.Problem{
			Type: tooManySubscriptions, Message: fmt.Sprintf("Max number of %d subscriptions reached", maxSubscriptions),
		}
	}
	if p != nil {
		c.fail("subscribe_error", id.Str, *p)
		return
	}
	s := newSubscription(c, id, channel)
	if len(c.subscriptions) == 0 {
		c.gateway.Ready.Add(1)
	}
	c.subscriptions = append(c.subscriptions, s)
	c.gateway.faults.Ready(&s.subscriber.Listener)
	c.gateway.broker.join(s)
	_ = c.Write(message{ID: s.id, Type: "subscribe_success"}.frame())
}

// unsubscribe ends a subscription.
func (c *connection) unsubscribe(m gjson.Result) {
	id := m.Get("id").Str
	i := c.find(id)
	if i < 0 {
		c.fail("unsubscribe_error", id, auth.Problem{Type: unknownOperation, Message: "Unknown operation id " + id})
		return
	}
	c.gateway.broker.leave(c.subscriptions[i])
	c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
	if len(c.subscriptions) == 0 {
		c.gateway.Ready.Add(-1)
	}
	_ = c.Write(message{ID: id, Type: "unsubscribe_success"}.frame())
}

// publish publishes events.
func (c *connection) publish(m gjson.Result) {
	id, to, events := m.Get("id").Str, m.Get("channel"), m.Get("events")
	p := c.authorize(m, `{"channel":`+to.Raw+`,"events":`+compact(events)+`}`)
	if p == nil {
		p = c.admit(id)
	}
	if p == nil && !c.pace.Allow() {
		p = &auth.Problem{Type: limitExceeded, Message: "Rate limit exceeded"}
	}
	if p != nil {
		c.fail("publish_error", id, *p)
		return
	}
	done, refused := c.gateway.publishAll(to, events)
	if refused != nil {
		c.fail("publish_error", id, refused.realTime)
		return
	}
	_ = c.Write(message{ID: id, Type: "publish_success", outcome: done}.frame())
}

// compact returns JSON as a signature covers it, without white space between its tokens.
func compact(value gjson.Result) string { return value.Get("@ugly").Raw }

// authorize returns what is wrong with the authorization of a message, or nil. A
// signature covers body.
func (c *connection) authorize(m gjson.Result, body string) *auth.Problem {
	object, host := m.Get("authorization"), c.host
	if !object.Get("host").Exists() {
		host = "" // only a signature needs it
	}
	return c.gateway.config.Access.CheckMessage(object, host, path, []byte(body))
}

// admit returns why an operation can't have this id, or nil.
func (c *connection) admit(id string) *auth.Problem {
	if c.find(id) < 0 {
		return nil
	}
	return &auth.Problem{Type: duplicatedOperation, Message: "Duplicated operation id " + id}
}

// find returns the index of the subscription with an id, or -1.
func (c *connection) find(id string) int {
	return slices.IndexFunc(c.subscriptions, func(s *subscription) bool { return s.id == id })
}

// fail writes an error about an operation, or about none if id is empty.
func (c *connection) fail(kind, id string, p auth.Problem) {
	_ = c.WriteError(errorFrame(kind, id, p))
}

// unsupported is AppSync's answer to a message that it doesn't understand.
func unsupported() auth.Problem {
	return auth.Problem{
		Type: unsupportedOperation, Message: "unknown not supported through the realtime channel", Code: http.StatusBadRequest,
	}
}
