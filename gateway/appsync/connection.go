package appsync

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/tidwall/gjson"
)

// maxSubscriptions is how many subscriptions a connection may have
// (docs.aws.amazon.com/general/latest/gr/appsync.html).
const maxSubscriptions = 200

// connection is an open connection. Its fields are used only by the goroutine that
// reads it.
type connection struct {
	*socket.Conn

	gateway       *Gateway
	host          string // the one that credentials must be for
	subscriptions []*subscription
}

// Text handles one message from the client.
func (c *connection) Text(text []byte) {
	m := gjson.ParseBytes(text)
	if !gjson.ValidBytes(text) || !m.IsObject() {
		c.fail("", unsupported("unknown"))
		return
	}
	switch m.Get("type").Str {
	case "connection_init":
		_ = c.Write(ackFrame) // a connection whose write fails is closed
		if !c.gateway.faults.StopKeepAlive() {
			_ = c.Write(keepAliveFrame)
		}
	case "start":
		c.start(m.Get("id"), m.Get("payload"))
	case "stop":
		c.stop(m.Get("id"))
	default:
		c.fail("", unsupported("unknown"))
	}
}

// Closed ends the subscriptions.
func (c *connection) Closed() {
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
		c.fail("", unsupported("unknown"))
		return
	}
	if p := c.admit(id.Str, auth, document.Str); p != nil {
		c.fail(id.Str, *p)
		return
	}
	group, wrong, err := c.gateway.group(document.Str)
	switch {
	case errors.Is(err, errRealtime):
		c.fail("", unsupported("query or mutation"))
	case err != nil:
		c.fail(id.Str, problem{Type: "BadRequestException", Message: err.Error(), Code: http.StatusBadRequest})
	case wrong != nil:
		_ = c.WriteError(message{ID: id.Str, Type: "error", Payload: struct {
			Errors []responseError `json:"errors"`
		}{wrong}}.frame())
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
	c.gateway.faults.Ready(&s.listener)
	c.gateway.broker.join(s, to)
	_ = c.Write(message{ID: id.Str, Type: "start_ack"}.frame())
}

// admit returns why a start is refused, or nil.
func (c *connection) admit(id string, authorization gjson.Result, document string) *problem {
	if p := c.gateway.config.Access.CheckMessage(authorization, c.host, "/graphql", []byte(document)); p != nil {
		return p
	}
	if c.find(id) >= 0 {
		return &problem{Type: "DuplicatedOperationError", Message: fmt.Sprintf("Duplicated operation id %s", id)}
	}
	if len(c.subscriptions) >= maxSubscriptions {
		return &problem{
			Type:    "MaxSubscriptionsReachedError",
			Message: fmt.Sprintf("Max number of %d subscriptions reached", maxSubscriptions),
		}
	}
	return nil
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

// unsupported is AppSync's answer to a message that it doesn't understand.
func unsupported(what string) problem {
	return problem{
		Type: "UnsupportedOperation", Message: what + " not supported through the realtime channel",
		Code: http.StatusBadRequest,
	}
}
