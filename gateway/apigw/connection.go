package apigw

import (
	"errors"
	"time"
	"unique"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// connection is an open connection. It owns its socket, and is the outlet
// through which deliveries reach it.
type connection struct {
	*socket.Conn

	id       string
	gateway  *Gateway
	agent    unique.Handle[string] // interned, as thousands of connections have the same
	listener fault.Listener
	inbox    inbox
}

// Text passes a message to the integration.
func (c *connection) Text(message []byte) {
	body, workers := string(message), 1
	if c.gateway.config.Concurrent {
		workers = maxInbox
	}
	c.inbox.do(workers, c.gateway.Hub.Go, func() { c.invoke(body) })
}

// Closed removes the connection from @connections at once. The $disconnect route
// is called after the messages that came before.
func (c *connection) Closed() {
	g := c.gateway
	g.forget(c.id)
	c.listener.Close()
	c.inbox.wait()
	g.integration.Disconnect(c.id)
}

// invoke calls the integration. If that fails, or takes longer than API Gateway
// waits, the client gets an error frame; a slow call is not interrupted.
func (c *connection) invoke(body string) {
	defer func() {
		if recover() != nil {
			_ = c.sendError(internalError)
		}
	}()
	overdue := time.AfterFunc(c.gateway.config.IntegrationTimeout, func() {
		_ = c.sendError("Endpoint request timed out")
	})
	defer overdue.Stop()
	if message := c.gateway.faults.Reject(); message != "" {
		_ = c.sendError(message)
		return
	}
	switch err := c.gateway.integration.Default(c.id, body); {
	case errors.Is(err, ErrForbidden):
		_ = c.sendError("Forbidden")
	case err != nil:
		_ = c.sendError(internalError)
	}
}

// Data writes a broadcast whose frame has been made.
func (c *connection) Data(frame []byte, written func(error)) error {
	return c.WriteThen(frame, written)
}

// Error writes the error frame that the failure of an integration leads to.
func (c *connection) Error() error { return c.sendError(internalError) }

const (
	internalError = "Internal server error"
	badRequest    = "Bad request body"
)

// sendError writes an error frame, with spaces where API Gateway has them. It
// fails if the connection has been closed, which callers may ignore.
func (c *connection) sendError(message string) error {
	if message == badRequest {
		// This one has the id of the message and other spaces
		// (websocket-api-request-validation).
		return c.WriteError(socket.Frame([]byte(
			`{"message" : "` + message + `", "connectionId": "` + c.id + `", "messageId": "` + newID() + `"}`)))
	}
	return c.WriteError(socket.Frame([]byte(
		`{"message": "` + message + `", "connectionId":"` + c.id + `", "requestId":"` + newID() + `"}`)))
}
