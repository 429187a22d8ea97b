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
	config   *Config
	handler  Handler          // nil if no script drives the connection
	listener *ledger.Listener // nil if the connection is no listener
	place    int              // in its Group, from zero
	requests []Subscription   // the listener's, if it has several
	socket   *wire.Conn
	dialled  time.Time

	mu      sync.Mutex // guards session
	session dialect.Session

	ready       atomic.Bool
	reported    bool                        // that it failed or was abandoned; the observer is told once
	closedByUs  atomic.Pointer[closeReason] // nil while this side hasn't begun to close
	lastMessage atomic.Int64                // when a message was last read, in ns since dialled
	lastPing    atomic.Int64                // when a ping was last sent, in ns since dialled
	maxSilence  atomic.Int64                // how long the gateway may send nothing, in ns; zero for any time
	stepEnds    atomic.Int64                // when the handshake's step must be complete, in ns since dialled; zero for at any time
	done        chan struct{}
	failure     *wire.DialError // see Failure
}

// Handler gets what happens on a connection that a script drives. The goroutine
// that reads the connection calls it, except for Event as noted there.
type Handler interface {
	// Event gets a frame that means something other than data. It also gets the
	// event that Do's argument returns, in the goroutine that called Do.
	Event(e dialect.Event)
	// Message gets a frame with data, which is valid until Message returns.
	Message(data []byte, request string)
	// Closed is the last call.
	Closed(code int, reason string)
}

// Open dials the i-th connection of a Group, or one that belongs to none; Serve must
// follow. The error is a *wire.DialError, and the observer knows of it.
func Open(ctx context.Context, config *Config, i int, listener *ledger.Listener, handler Handler) (conn *Conn, err error) {
	c := &Conn{
		config: config, handler: handler, listener: listener, place: i,
		dialled: time.Now(), done: make(chan struct{}),
	}
	defer func() {
		if r := recover(); r != nil {
			c.closeNow()
			failed := &wire.DialError{Phase: wire.PhaseTCP, Host: config.Host, Err: fmt.Errorf("panic while dialling: %v", r)}
			conn, err = nil, failed
			c.failed(failed)
		}
	}()
	config.Observer.Begun()
	dialling, cancel := context.WithTimeout(ctx, config.Timeout)
	defer cancel()
	if err = c.dial(dialling); err != nil {
		c.dialFailed(ctx, err)
		return nil, err
	}
	config.Observer.Connected(time.Since(c.dialled))
	c.socket.OnPong(config.Observer.Pong)
	return c, nil
}

// dial prepares and opens the connection. Its error is a *wire.DialError.
func (c *Conn) dial(ctx context.Context) error {
	prepared, err := c.config.Prepare(ctx, c.place)
	if err != nil {
		return c.config.notPrepared(err)
	}
	c.session = prepared.Session
	if c.listener != nil {
		c.join(prepared.Subscriptions)
	}
	c.socket, err = wire.Dial(ctx, prepared.Target)
	return err
}

// notPrepared returns the error of a connection that can't be prepared.
func (c *Config) notPrepared(err error) error {
	if failed := (*wire.DialError)(nil); errors.As(err, &failed) {
		return err
	}
	return &wire.DialError{Phase: wire.PhaseCredentials, Host: c.Host, Err: err}
}

// dialFailed reports why no connection came about. If the context ended, that is why,
// whatever went wrong then.
func (c *Conn) dialFailed(ctx context.Context, err error) {
	var failed *wire.DialError
	if !errors.As(err, &failed) {
		failed = &wire.DialError{Phase: wire.PhaseTCP, Host: c.config.Host, Err: err}
	}
	if wire.ContextError(ctx) == nil {
		c.failed(failed)
		return
	}
	<-ctx.Done() // at once, if it isn't yet
	if !errors.Is(context.Cause(ctx), errCutShort) {
		c.abandoned()
		return
	}
	failed.Err, failed.Status = errCutShort, 0
	c.failed(failed)
}

// Serve performs the handshake and reads until the connection ends. A panic of the
// dialect, the observer or the handler ends this connection, and not the process.
func (c *Conn) Serve() {
	defer close(c.done)
	defer recoverPanic()
	c.ended(c.read())
}

// Done is closed when the connection has ended and the observer and the handler know.
func (c *Conn) Done() <-chan struct{} { return c.done }

// read reads until the connection ends, and returns why it did.
func (c *Conn) read() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while reading: %v", r)
			c.markClosed(closeReason{code: internalError, text: err.Error(), err: err})
		}
	}()
	c.Do(dialect.Session.Open)
	for {
		m, err := c.socket.Read()
		if err != nil {
			return err
		}
		c.receive(m)
	}
}

// receive passes one message to the dialect and does what it means.
func (c *Conn) receive(m wire.Message) {
	c.lastMessage.Store(int64(m.Read.Sub(c.dialled)))
	c.config.Observer.Received()
	if c.hasFailed() {
		return
	}
	event := c.withSession(func(s dialect.Session) dialect.Event { return s.Receive(m.Data) })
	if event.Kind != dialect.Data {
		c.handle(event)
		return
	}
	switch {
	case c.listener != nil:
		c.recordDeliveries(c.member(event.Request), m)
	case c.config.Control != nil:
		c.passControls(m)
	}
	if c.handler != nil {
		c.handler.Message(m.Data, event.Request)
	}
}

// hasFailed reports whether the handshake has been given up, which a late reply doesn't
// change.
func (c *Conn) hasFailed() bool {
	closing := c.closedByUs.Load()
	return closing != nil && closing.err != nil && !c.ready.Load()
}

// Do calls f with the dialect's session and handles the event that f returns. Nothing
// else uses the session while f runs.
func (c *Conn) Do(f func(dialect.Session) dialect.Event) {
	c.handle(c.withSession(f))
}

// withSession calls f with the session locked.
func (c *Conn) withSession(f func(dialect.Session) dialect.Event) dialect.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(c.session)
}

// handle does what an event and those after it ask for.
func (c *Conn) handle(event dialect.Event) {
	for e := &event; e != nil; e = e.Next {
		c.observe(e)
		if e.Answer != nil {
			_ = c.Send(e.Answer) // if it fails, so will the next read
		}
		if c.handler != nil {
			c.handler.Event(*e)
		}
	}
}

// observe updates the connection's state by an event and passes it to the observer.
func (c *Conn) observe(e *dialect.Event) {
	if e.Timeout > 0 {
		c.maxSilence.Store(int64(e.Timeout))
	}
	if e.Counter != "" {
		c.config.Observer.Counted(e.Counter)
	}
	if e.ConnectionID != "" && c.listener != nil {
		c.listener.SetAddress(e.ConnectionID)
	}
	switch e.Kind {
	case dialect.Progress:
		c.beginStep(e.StepTimeout)
		if e.Request != "" {
			c.config.Observer.Answered()
		}
	case dialect.Ready:
		c.config.Observer.Answered()
		c.becomeReady()
	case dialect.Failure:
		c.config.Observer.ErrorFrame(e.Err)
	case dialect.Refusal:
		c.config.Observer.Erred(e.Err.Name)
		if !c.ready.Load() {
			c.beginClose(closeReason{code: NormalClosure, err: c.explain(e.Err)})
		}
	case dialect.Ended:
		if c.handler == nil {
			c.beginClose(closeReason{code: NormalClosure, cut: true, endedByGateway: true, unready: errEnded})
		}
	case dialect.Unknown, dialect.Data, dialect.KeepAlive:
	}
}

// beginStep notes by when a step of the handshake must be complete.
func (c *Conn) beginStep(timeout time.Duration) {
	if timeout > 0 {
		timeout += time.Since(c.dialled)
	}
	c.stepEnds.Store(int64(timeout))
}

func (c *Conn) becomeReady() {
	if !c.ready.CompareAndSwap(false, true) {
		return
	}
	if c.listener != nil {
		c.listener.Ready(c.config.free)
	}
	c.config.Observer.Ready(time.Since(c.dialled))
}

// Send sends one text message.
func (c *Conn) Send(text []byte) error {
	if err := c.socket.Write(text); err != nil {
		return err
	}
	c.config.Observer.Sent()
	return nil
}
