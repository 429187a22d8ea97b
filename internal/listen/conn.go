package listen

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Conn is one connection. One goroutine serves it; any may send on it.
type Conn struct {
	config  *Config
	handler Handler        // nil: nobody but the ledger wants to know
	member  *ledger.Member // nil: not one of the audience
	socket  *wire.Conn
	dialled time.Time

	mu      sync.Mutex // the dialect's state
	session dialect.Session

	ready   atomic.Bool
	leaving atomic.Pointer[departure]
	// heard and pinged are when a message was last read and a ping sent, and
	// silence is how long the gateway may be silent, all in ns; the former two
	// since dialled.
	heard, pinged, silence atomic.Int64
	closed                 chan struct{}
}

// Handler is told what happens on a connection that a script drives, by the
// goroutine that reads it.
type Handler interface {
	// Event is a frame with a meaning other than data, or what came of Do, in whose
	// caller's goroutine that is told.
	Event(e dialect.Event)
	// Message is a frame with data, which is valid until Message returns.
	Message(data []byte, request string)
	// Closed is the last call.
	Closed(code int, reason string)
}

// departure is why this side hung up.
type departure struct {
	code   int
	reason string
	// err is what was wrong, nil if it was time to go.
	err error
	// dismissed: the gateway had ended what the connection was for.
	dismissed bool
}

// ErrNotReady is why a handshake that takes too long is given up.
var ErrNotReady = errors.New("the gateway did not finish the handshake in time")

// Open dials. What follows is Serve's. The error is a *wire.DialError, and has
// been observed.
func Open(ctx context.Context, config *Config, member *ledger.Member, handler Handler) (conn *Conn, err error) {
	c := &Conn{
		config: config, handler: handler, member: member,
		dialled: time.Now(), closed: make(chan struct{}),
	}
	defer func() {
		if conn == nil { // even if that is because something here panicked
			c.discard(err)
		}
	}()
	dialling, cancel := context.WithTimeout(ctx, config.Timeout)
	defer cancel()
	if c.socket, c.session, err = config.dial(dialling); err != nil {
		if wire.ContextError(ctx) != nil {
			c.fail(nil)
		} else {
			config.Observer.Failed(asDialError(err))
		}
		return nil, err
	}
	config.Observer.Connected(time.Since(c.dialled))
	c.socket.OnPong(config.Observer.Pong)
	return c, nil
}

// dial prepares and opens one connection. Its error is a *wire.DialError.
func (c *Config) dial(ctx context.Context) (*wire.Conn, dialect.Session, error) {
	target, session, err := c.Prepare(ctx)
	if err != nil {
		return nil, nil, &wire.DialError{Phase: wire.PhaseCredentials, Host: c.Host, Err: err}
	}
	socket, err := wire.Dial(ctx, target)
	return socket, session, err
}

// discard lets go of what never came to be served.
func (c *Conn) discard(err error) {
	if c.socket != nil {
		c.socket.CloseNow()
	}
	if err == nil {
		err = errors.New("panic while dialling")
	}
	c.fail(err)
}

// Serve shakes hands and reads until the connection ends. A panic ends this
// connection and no more, be it the dialect's or that of whoever is told.
func (c *Conn) Serve() {
	defer close(c.closed)
	defer survive()
	c.finish(c.read())
}

// survive keeps a panic from ending the process.
func survive() { _ = recover() }

// read reads until the connection ends, and says why it did.
func (c *Conn) read() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while reading: %v", r)
			c.leaving.CompareAndSwap(nil, &departure{code: internalError, reason: err.Error(), err: err})
		}
	}()
	c.act(c.with(dialect.Session.Open))
	for {
		m, err := c.socket.Read()
		if err != nil {
			return err
		}
		c.receive(m)
	}
}

// with has f use the dialect's state, alone.
func (c *Conn) with(f func(dialect.Session) dialect.Event) dialect.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(c.session)
}

// receive gives one message its meaning.
func (c *Conn) receive(m wire.Message) {
	c.heard.Store(int64(m.Read.Sub(c.dialled)))
	c.config.Observer.Received()
	event := c.with(func(s dialect.Session) dialect.Event { return s.Receive(m.Data) })
	if event.Kind != dialect.Data {
		c.act(event)
		return
	}
	if c.member != nil {
		c.enter(m)
	}
	if c.handler != nil {
		c.handler.Message(m.Data, event.Request)
	}
}

// act does what an event asks for.
func (c *Conn) act(event dialect.Event) {
	for e := &event; e != nil; e = e.Next {
		c.note(e)
		if e.Answer != nil {
			_ = c.Send(e.Answer) // if it fails, so will the next read
		}
		if c.handler != nil {
			c.handler.Event(*e)
		}
	}
}

// note takes an event into the connection's own state.
func (c *Conn) note(e *dialect.Event) {
	if e.Timeout > 0 {
		c.silence.Store(int64(e.Timeout))
	}
	if e.Counter != "" {
		c.config.Observer.Counted(e.Counter)
	}
	switch e.Kind {
	case dialect.Progress:
		if e.Request != "" {
			c.config.Observer.Answered()
		}
	case dialect.Ready:
		c.config.Observer.Answered()
		c.becomeReady()
	case dialect.Failure:
		c.config.Observer.Erred(e.Err.Name)
	case dialect.Refusal:
		c.config.Observer.Erred(e.Err.Name)
		if !c.ready.Load() {
			c.depart(departure{code: NormalClosure, err: e.Err})
		}
	case dialect.Ended:
		if c.handler == nil {
			c.depart(departure{code: NormalClosure, dismissed: true})
		}
	case dialect.Unknown, dialect.Data, dialect.KeepAlive:
	}
}

func (c *Conn) becomeReady() {
	if !c.ready.CompareAndSwap(false, true) {
		return
	}
	if c.member != nil {
		c.member.Ready()
	}
	c.config.Observer.Ready(time.Since(c.dialled))
}

// Do changes the dialect's state, and does what that asks for. f runs alone.
func (c *Conn) Do(f func(dialect.Session) dialect.Event) {
	c.act(c.with(f))
}

// Send sends one text message.
func (c *Conn) Send(text []byte) error {
	if err := c.socket.Write(text); err != nil {
		return err
	}
	c.config.Observer.Sent()
	return nil
}

// NormalClosure is the close code of who is done (RFC 6455, section 7.4.1).
const NormalClosure = 1000

const (
	goingAway     = 1001
	internalError = 1011

	// closePatience is how long a gateway may take to answer a close frame.
	closePatience = 2 * time.Second
)

// Close takes leave in the dialect's way and begins the closing handshake.
func (c *Conn) Close(code int, reason string) {
	defer c.depart(departure{code: code, reason: reason})
	for _, frame := range c.farewell() {
		if c.Send(frame) != nil {
			break
		}
	}
}

func (c *Conn) farewell() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.Farewell()
}

// Done is closed when the connection has ended and everything has been told.
func (c *Conn) Done() <-chan struct{} { return c.closed }

func (c *Conn) depart(d departure) {
	if c.leaving.CompareAndSwap(nil, &d) {
		c.socket.Close(d.code, d.reason, closePatience)
	}
}

// finish is the end of every open connection.
func (c *Conn) finish(err error) {
	c.socket.CloseNow()
	code, reason := wire.CloseCode(err)
	mine := c.leaving.Load()
	c.leave(mine, err)
	if mine != nil {
		code, reason = mine.code, mine.reason
		if mine.err != nil {
			reason = mine.err.Error()
		}
	}
	if c.handler != nil {
		defer c.handler.Closed(code, reason)
	}
	if !c.ready.Load() && (mine == nil || mine.err != nil) {
		c.config.Observer.Failed(c.handshakeError(mine, err))
	}
	c.config.Observer.Closed(code, mine == nil || mine.dismissed, time.Since(c.dialled))
}

func (c *Conn) leave(mine *departure, err error) {
	if c.member == nil {
		return
	}
	if !c.ready.Load() && (mine == nil || mine.err != nil) {
		c.member.Fail(c.handshakeError(mine, err))
	}
	if mine == nil || mine.dismissed {
		c.member.Leave(ledger.Cut)
	} else {
		c.member.Leave(ledger.Local)
	}
}

func (c *Conn) fail(err error) {
	if c.member != nil {
		c.member.Fail(err)
	}
}

// handshakeError says why a connection that was open never became ready.
func (c *Conn) handshakeError(mine *departure, err error) *wire.DialError {
	if mine != nil {
		err = mine.err
	}
	return &wire.DialError{Phase: wire.PhaseHandshake, Host: c.config.Host, Err: err}
}

func asDialError(err error) *wire.DialError {
	var failed *wire.DialError
	if errors.As(err, &failed) {
		return failed
	}
	return &wire.DialError{Phase: wire.PhaseTCP, Err: err}
}
