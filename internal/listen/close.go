package listen

import (
	"errors"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// NormalClosure is the close code of a connection that has fulfilled its purpose (RFC
// 6455, section 7.4.1).
const NormalClosure = 1000

const (
	goingAway     = 1001
	internalError = 1011
)

// closeTimeout is how long a gateway may take to answer a close frame.
const closeTimeout = 2 * time.Second

// errNotReady is why a connection whose handshake takes too long is closed.
var errNotReady = errors.New("the gateway did not finish the handshake in time")

// closeReason is why this side closed a connection.
type closeReason struct {
	code int
	text string
	// err is what went wrong, nil if nothing did.
	err error
	// endedByGateway reports that the gateway had ended what the connection was for.
	endedByGateway bool
}

// Close sends the dialect's farewell and begins the WebSocket closing handshake with
// this code and reason. Done reports its end.
func (c *Conn) Close(code int, reason string) {
	defer c.beginClose(closeReason{code: code, text: reason})
	for _, frame := range c.farewell() {
		_ = c.Send(frame) // if it fails, so does all that follows
	}
}

func (c *Conn) farewell() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.Farewell()
}

// beginClose begins the closing handshake, unless this side has begun it before.
func (c *Conn) beginClose(reason closeReason) {
	if c.markClosed(reason) {
		c.socket.Close(reason.code, reason.text, closeTimeout)
	}
}

// closeBecause is beginClose after an error. It doesn't wait for the network, and it
// reports whether this call is the one that closes.
func (c *Conn) closeBecause(err error) bool {
	if !c.markClosed(closeReason{code: goingAway, err: err}) {
		return false
	}
	go c.socket.Close(goingAway, "", closeTimeout)
	return true
}

// markClosed records why this side closes the connection. Only the first reason
// counts; markClosed reports whether this is it.
func (c *Conn) markClosed(reason closeReason) bool {
	return c.closedByUs.CompareAndSwap(nil, &reason)
}

// closeNow closes the socket at once, if there is one, and leaves the audience.
func (c *Conn) closeNow() {
	if c.socket != nil {
		c.socket.CloseNow()
	}
	if c.member != nil {
		c.member.Leave()
	}
}

// ended cleans up after the last read, which failed with err, and reports the end to
// the observer and the handler.
func (c *Conn) ended(err error) {
	c.closeNow()
	local := c.closedByUs.Load()
	code, text := wire.CloseCode(err)
	if local != nil {
		code, text, err = local.code, local.text, local.err
		if err != nil {
			text = err.Error()
		}
	}
	if c.handler != nil {
		defer c.handler.Closed(code, text)
	}
	if !c.ready.Load() && err != nil {
		c.config.Observer.Failed(&wire.DialError{Phase: wire.PhaseHandshake, Host: c.config.Host, Err: err})
	}
	c.config.Observer.Closed(code, local == nil || local.endedByGateway, time.Since(c.dialled))
}
