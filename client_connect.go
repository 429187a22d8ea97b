package pushgw

import (
	"context"

	"github.com/grafana/sobek"
)

// connect is the JavaScript method: it opens one connection that the script drives,
// and resolves with its object.
func (c *client) connect(value sobek.Value) *sobek.Promise {
	o := readOptions(value, "connect()")
	who := c.backend.readIdentity(o)
	who.index = int64(o.integer("index", 0, 0))
	c.check(o)
	conn := newConnection(c.begin("connect()", who))
	return newPromise(c.module.vu, func(ctx context.Context) (any, error) {
		if err := conn.open(ctx); err != nil {
			return nil, err
		}
		return onLoop(func() sobek.Value {
			c.backend.extend(conn)
			return conn.deliver()
		}), nil
	})
}
