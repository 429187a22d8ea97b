package pushgw

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// hostConn is a connection that isn't one of the audience: it sends broadcasts, or
// whatever a script has it send. It implements listen.Handler.
type hostConn struct {
	conn    *listen.Conn
	script  listen.Handler // what else wants to know of events and messages, or nil
	timeout time.Duration  // for the answer to a request

	mu      sync.Mutex
	id      string                   // the gateway's name for the connection; empty if it hasn't told it
	closed  *scriptError             // why the connection is closed; nil while it is open
	failure *dialect.Error           // the latest that answers none of the requests; nil before
	waiting map[string][]chan answer // for the answers to requests, by request
}

// handshakeRequest is the name of the request that every connection begins with.
const handshakeRequest = ""

// openHost opens a connection and waits until it is ready. A goroutine of its own
// serves it until it is closed.
func openHost(ctx context.Context, c *call, script listen.Handler) (*hostConn, error) {
	config := c.host()
	if err := config.WaitToDial(ctx); err != nil {
		return nil, err
	}
	h := &hostConn{script: script, timeout: config.Timeout, waiting: make(map[string][]chan answer)}
	ready := h.await(handshakeRequest)
	var err error
	if h.conn, err = listen.Open(ctx, &config, 0, nil, h); err != nil {
		return nil, err
	}
	unwatch := context.AfterFunc(ctx, h.beginClose)
	remove := c.process().ticker.Add(h.conn.Tick)
	go func() {
		defer unwatch()
		defer remove()
		h.conn.Serve()
	}()
	if err := (<-ready).err; err != nil {
		<-h.conn.Done()
		if failure := h.conn.Failure(); failure != nil {
			return nil, failure
		}
		return nil, err
	}
	return h, nil
}

// beginClose begins the closing handshake.
func (h *hostConn) beginClose() {
	defer recoverPanic()
	h.conn.Close(listen.NormalClosure, "")
}

// Close closes the connection and waits until it is closed.
func (h *hostConn) Close() {
	h.beginClose()
	<-h.conn.Done()
}

// Send sends one text message.
func (h *hostConn) Send(text string) error {
	if err := h.conn.Send([]byte(text)); err != nil {
		return h.sendError(err)
	}
	return nil
}

// sendError is the error of a connection on which sending failed with err: why it was
// closed, if that is known.
func (h *hostConn) sendError(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed != nil {
		return h.closed
	}
	return scriptErrorf(nameClosedError, "the connection is closed: %w", err)
}

// request is one request to the gateway, in its dialect's words.
type request struct {
	// begin has the dialect's state to itself. It returns the name under which the
	// answer will come, and the event with the frame to send.
	begin func(dialect.Session) (name string, event dialect.Event, err error)
	// withdraw undoes begin when the answer isn't waited for any longer. It returns the
	// event with the frame to send, if any.
	withdraw func(s dialect.Session, name string) dialect.Event

	name   string
	answer chan answer
	reply  any // what the answer said besides, once it is there
}

// answer is the gateway's answer to a request: an error, or none, and perhaps more.
type answer struct {
	err   error
	reply any
}

// send begins a request. If that fails, or panics, the error is its answer.
func (h *hostConn) send(r *request) {
	defer func() {
		if p := recover(); p != nil {
			r.answer = make(chan answer, 1)
			r.answer <- answer{err: scriptErrorf(nameInternalError, "panic: %v", p)}
		}
	}()
	h.conn.Do(func(s dialect.Session) dialect.Event {
		name, event, err := r.begin(s)
		if err != nil {
			r.answer = make(chan answer, 1)
			r.answer <- answer{err: err}
			return event
		}
		r.name, r.answer = name, h.await(name)
		return event
	})
}

// receive waits for the answer to a request that was sent, and withdraws the request if
// there is none in time.
func (h *hostConn) receive(ctx context.Context, r *request) error {
	timer := time.NewTimer(h.timeout)
	defer timer.Stop()
	select {
	case a := <-r.answer:
		r.reply = a.reply
		return a.err
	case <-timer.C:
		h.withdraw(r)
		return scriptErrorf(nameTimeoutError, "the gateway did not answer within %s", h.timeout)
	case <-ctx.Done():
		h.withdraw(r)
		return ctx.Err()
	}
}

func (h *hostConn) withdraw(r *request) {
	h.mu.Lock()
	h.keepWaiting(r.name, slices.DeleteFunc(h.waiting[r.name], func(c chan answer) bool { return c == r.answer }))
	h.mu.Unlock()
	h.conn.Do(func(s dialect.Session) dialect.Event { return r.withdraw(s, r.name) })
}

// await returns the channel that will bring the answer to a request.
func (h *hostConn) await(request string) chan answer {
	awaited := make(chan answer, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed != nil {
		awaited <- answer{err: h.closed}
		return awaited
	}
	h.waiting[request] = append(h.waiting[request], awaited)
	return awaited
}

// answer gives the answer to the request of that name that has waited longest. It
// reports whether there was one.
func (h *hostConn) answer(request string, a answer) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := h.waiting[request]
	if len(waiting) == 0 {
		return false
	}
	waiting[0] <- a
	h.keepWaiting(request, waiting[1:])
	return true
}

// isAwaited reports whether the answer to the request of that name is still awaited.
func (h *hostConn) isAwaited(request string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return request != handshakeRequest && len(h.waiting[request]) > 0
}

// keepWaiting notes which answers are still waited for. The lock is held.
func (h *hostConn) keepWaiting(request string, waiting []chan answer) {
	if len(waiting) == 0 {
		delete(h.waiting, request)
		return
	}
	h.waiting[request] = waiting
}

// Event implements listen.Handler.
func (h *hostConn) Event(e dialect.Event) {
	h.noteID(e.ConnectionID)
	answered := false
	switch e.Kind {
	case dialect.Ready:
		answered = h.answer(handshakeRequest, answer{})
	case dialect.Progress:
		answered = e.Request != "" && h.answer(e.Request, answer{reply: e.Reply}) // a nameless step is the handshake's, and not its end
	case dialect.Refusal:
		answered = h.answer(e.Request, answer{e.Err, e.Reply}) || h.answer(handshakeRequest, answer{err: e.Err})
	case dialect.Failure:
		answered = h.isAwaited(e.Request) // it is part of an answer
	case dialect.Unknown, dialect.Data, dialect.KeepAlive, dialect.Ended:
	}
	if answered {
		return
	}
	h.noteFailure(e.Err)
	if h.script != nil {
		h.script.Event(e)
	}
}

// noteFailure keeps an error of the gateway that answers none of the requests, if it is one.
func (h *hostConn) noteFailure(err *dialect.Error) {
	if err == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failure = err
}

// Failure returns the latest error of the gateway that answered none of the requests, nil if
// there was none.
func (h *hostConn) Failure() *dialect.Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failure
}

// noteID keeps the gateway's name for the connection, if it is told.
func (h *hostConn) noteID(id string) {
	if id == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.id = id
}

// ID returns the gateway's name for the connection; empty if it hasn't told it.
func (h *hostConn) ID() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.id
}

// Message implements listen.Handler.
func (h *hostConn) Message(data []byte, request string) {
	if h.script != nil {
		h.script.Message(data, request)
	}
}

// Closed implements listen.Handler. It ends every wait for an answer.
func (h *hostConn) Closed(code int, reason string) {
	h.mu.Lock()
	h.closed = scriptErrorf(nameClosedError, "%s", strings.TrimSpace(fmt.Sprintf("the connection was closed with code %d %s", code, reason)))
	for request, waiting := range h.waiting {
		for _, awaited := range waiting {
			awaited <- answer{err: h.closed}
		}
		delete(h.waiting, request)
	}
	h.mu.Unlock()
	if h.script != nil {
		h.script.Closed(code, reason)
	}
}
