package apigw

import (
	"time"
	"unique"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// connection is an open connection: the socket's owner and a fault's outlet.
type connection struct {
	*socket.Conn

	id       string
	gateway  *Gateway
	agent    unique.Handle[string] // thousands have the same one
	listener fault.Listener
	inbox    inbox
}

// Text hands a message to its route. All lead to $default: the chat's texts
// have no route key of their own.
func (c *connection) Text(message []byte) {
	body := string(message)
	c.inbox.do(c.gateway.Hub.Go, func() { c.invoke(body) })
}

// Closed takes the connection out of @connections at once, and lets the
// integration know when it has dealt with what came before.
func (c *connection) Closed() {
	g := c.gateway
	g.mu.Lock()
	delete(g.connections, c.id)
	g.mu.Unlock()
	c.listener.Close()
	c.inbox.do(g.Hub.Go, func() { g.integration.Disconnect(c.id) })
}

// invoke calls the integration. If it fails, or takes longer than API Gateway
// waits, the client is told; it goes on nevertheless.
func (c *connection) invoke(body string) {
	defer func() {
		if recover() != nil {
			c.complain(internalError)
		}
	}()
	overdue := time.AfterFunc(c.gateway.config.IntegrationTimeout, func() {
		c.complain("Endpoint request timed out")
	})
	defer overdue.Stop()
	if c.gateway.integration.Default(c.id, body) != nil {
		c.complain(internalError)
	}
}

// Data writes a broadcast, which is a frame already.
func (c *connection) Data(frame []byte) error { return c.Write(frame) }

// Error writes the error frame that an integration's failure leads to.
func (c *connection) Error() error { return c.sendError(internalError) }

const internalError = "Internal server error"

// sendError writes an error frame, with the spaces where API Gateway has them.
func (c *connection) sendError(message string) error {
	return c.WriteError(socket.Frame([]byte(
		`{"message": "` + message + `", "connectionId":"` + c.id + `", "requestId":"` + newID() + `"}`)))
}

// complain is sendError to a client that may have left.
func (c *connection) complain(message string) { _ = c.sendError(message) }
