package listen

import (
	"errors"
	"fmt"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// NormalClosure is the close code of a connection that has fulfilled its purpose (RFC
// 6455, section 7.4.1).
const NormalClosure = 1000

const (
	goingAway     = 1001
	protocolError = 1002
	internalError = 1011
)

// closeTimeout is how long a gateway may take to answer a close frame.
const closeTimeout = 2 * time.Second

// errNotReady is why a connection whose handshake takes too long is closed.
var errNotReady = errors.New("the gateway did not finish the handshake in time")

// errNoReply is why a connection is closed whose handshake has a step that takes too long.
var errNoReply = errors.New("no such reply came in time")

// errEnded is why a connection failed of which the gateway ended one thing before it had begun
// another.
var errEnded = errors.New("the gateway ended a subscription before it had acknowledged all of them")

// errCutShort is why a connection failed that wasn't ready when its plan's duration was
// over.
var errCutShort = errors.New("listen() ended before the connection was ready")

// closeReason is why this side closed a connection.
type closeReason struct {
	code int
	text string
	// err is what went wrong, nil if nothing did.
	err error
	// unready is why the connection has failed if it isn't ready; nil if that is only
	// because the test was interrupted.
	unready error
	// cut reports that the gateway or the network had ended what the connection was for.
	cut bool
	// endedByGateway reports that the gateway said so.
	endedByGateway bool
}

// Close sends the dialect's farewell and begins the WebSocket closing handshake with
// this code and reason. Done reports its end.
func (c *Conn) Close(code int, reason string) { c.close(closeReason{code: code, text: reason}) }

func (c *Conn) close(reason closeReason) {
	defer c.beginClose(reason)
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

// closeBecause is beginClose after an error of the gateway's or the network's. It doesn't
// wait for the network, and it reports whether this call is the one that closes.
func (c *Conn) closeBecause(err error) bool {
	if !c.markClosed(closeReason{code: goingAway, err: err, cut: true}) {
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

// closeNow closes the socket at once, if there is one.
func (c *Conn) closeNow() {
	if c.socket != nil {
		c.socket.CloseNow()
	}
}

// ended cleans up after the last read, which failed with err, and reports the end to
// the ledger, the observer and the handler.
func (c *Conn) ended(err error) {
	c.closeNow()
	local := c.closedByUs.Load()
	end, cut := c.closing(local, err)
	if c.handler != nil {
		defer c.handler.Closed(end.Code, end.Reason)
	}
	switch {
	case c.ready.Load():
		end.Cut = cut
		c.leave(cut)
	case local == nil:
		c.failed(c.handshakeError(c.explain(c.addHint(err))))
	case local.err != nil:
		c.failed(c.handshakeError(local.err))
	case local.unready != nil:
		c.failed(c.handshakeError(c.explain(local.unready)))
	default:
		c.abandoned()
	}
	if end.Violation != "" {
		c.config.Observer.Erred(end.Violation)
	}
	c.config.Observer.Closed(end)
}

// closing returns how the connection ended, whose last read failed with err, and whether
// the gateway or the network ended it. Local is why this side did, or nil.
func (c *Conn) closing(local *closeReason, err error) (end Closing, cut bool) {
	end.Lasted = time.Since(c.dialled)
	if local != nil {
		end.Code, end.Reason, end.ByGateway = local.code, local.text, local.endedByGateway
		if local.err != nil {
			end.Reason = local.err.Error()
		}
		return end, local.cut
	}
	end.Code, end.Reason = wire.CloseCode(err)
	end.Violation = wire.Violation(err)
	end.ByGateway = end.Violation != wire.MessageTooBig // which is this side's limit
	return end, true
}

// leave takes a listener that was ready out of its audiences.
func (c *Conn) leave(cut bool) {
	switch {
	case c.listener == nil:
	case cut:
		c.listener.Leave(ledger.Cut)
		c.config.lost.Add(c.listener)
	default:
		c.listener.Leave(ledger.Local)
	}
}

// addHint adds to the error that ended a connection what it often means.
func (c *Conn) addHint(err error) error {
	code, _ := wire.CloseCode(err)
	if code == protocolError && wire.Violation(err) == "" && c.lastMessage.Load() == 0 {
		err = fmt.Errorf("%w, straight after the upgrade, which is how a gateway refuses credentials: "+
			"check the key, and the option \"credentials\"", err)
	}
	return err
}

// explain adds to the error that ends a handshake what the handshake waited for, if the
// dialect can tell.
func (c *Conn) explain(err error) error {
	session, ok := c.session.(dialect.Explainer)
	if !ok {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return session.Explain(err)
}

func (c *Conn) handshakeError(err error) *wire.DialError {
	return &wire.DialError{Phase: wire.PhaseHandshake, Host: c.config.Host, Err: err}
}

// Failure returns why the connection never became ready; nil if it did. It is known when
// Done is closed.
func (c *Conn) Failure() *wire.DialError { return c.failure }

// failed reports that the connection never became ready.
func (c *Conn) failed(err *wire.DialError) {
	if c.reported { // and the observer panicked
		return
	}
	c.reported, c.failure = true, err
	if c.listener != nil {
		if c.config.Index != nil {
			err.Connection = fmt.Sprintf("listener %d", c.config.Index(c.place))
		}
		c.listener.Fail(err)
	}
	c.config.Observer.Failed(err)
}

// abandoned reports that the test was interrupted before the connection was ready.
func (c *Conn) abandoned() {
	c.reported = true
	if c.listener != nil {
		c.listener.Fail(nil)
	}
	c.config.Observer.Abandoned()
}
