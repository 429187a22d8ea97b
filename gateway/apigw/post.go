package apigw

import (
	"errors"

	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// Post writes data to one connection as a text frame.
func (g *Gateway) Post(id string, data []byte) error {
	if len(data) > maxMessage {
		return ErrTooLarge
	}
	c, ok := g.lookup(id)
	if !ok {
		return ErrGone
	}
	return postError(c.Write(socket.Frame(data)))
}

// postError returns the error of a post whose write failed, or nil.
func postError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, socket.ErrFull):
		return ErrLimitExceeded
	default:
		return ErrGone
	}
}

// Broadcast opens the account of data that is about to be posted to an audience
// of that many connections, and returns what posts it to one of them. The frame
// is made once for all. The sender's own copy is counted as an echo as well.
func (g *Gateway) Broadcast(sender string, data []byte, audience int) (func(id string) error, error) {
	if len(data) > maxMessage {
		return nil, ErrTooLarge
	}
	account := g.Tally.Open(data, audience)
	frame := socket.Frame(data)
	return func(id string) error {
		c, ok := g.lookup(id)
		if !ok {
			account.Gone()
			return ErrGone
		}
		if id == sender {
			return postError(g.faults.Deliver(&c.listener, account.Echo(), frame))
		}
		return postError(g.faults.Deliver(&c.listener, account, frame))
	}, nil
}

// Joined makes a connection a listener: from now on the faults that begin when
// a listener is ready apply to it.
func (g *Gateway) Joined(id string) {
	if c, ok := g.lookup(id); ok {
		g.faults.Ready(&c.listener)
	}
}
