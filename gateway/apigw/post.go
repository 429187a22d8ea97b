package apigw

import (
	"github.com/pushgw/xk6-pushgw/gateway/chat"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// Post writes data to one connection as a text frame.
func (g *Gateway) Post(id string, data []byte) error {
	if len(data) > maxMessage {
		return ErrTooLarge
	}
	c, ok := g.lookup(id)
	if !ok || c.Write(socket.Frame(data)) != nil {
		return chat.ErrGone
	}
	return nil
}

// Broadcast opens the account of data that is about to be posted to so many
// connections. The frame is made once for all of them. The sender's own copy is
// an echo, and counted as one besides.
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
			return chat.ErrGone
		}
		if id == sender {
			g.faults.Deliver(&c.listener, account.Echo(), frame)
		} else {
			g.faults.Deliver(&c.listener, account, frame)
		}
		return nil
	}, nil
}

// Joined makes a connection a listener.
func (g *Gateway) Joined(id string) {
	if c, ok := g.lookup(id); ok {
		g.faults.Ready(&c.listener)
	}
}
