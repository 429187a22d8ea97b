package pushgw

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// host is a connection that isn't one of the audience: it sends broadcasts, or
// whatever a script tells it to. It implements listen.Handler.
type host struct {
	*listen.Conn
	script  listen.Handler // who else wants to know, or nil
	timeout time.Duration  // for the answer to a request

	mu      sync.Mutex
	closed  *scriptError
	waiting map[string][]chan error // for the answers to requests, by request
}

// handshake is the request that every connection begins with.
const handshake = ""

// openHost opens a connection and waits until it is ready. Until it is closed it
// is served by a goroutine of its own.
func openHost(ctx context.Context, c *call, script listen.Handler) (*host, error) {
	config := c.config(roleHost)
	if err := config.WaitToDial(ctx); err != nil {
		return nil, err
	}
	h := &host{script: script, timeout: c.timeout, waiting: make(map[string][]chan error)}
	ready := h.expect(handshake)
	conn, err := listen.Open(ctx, &config, nil, h)
	if err != nil {
		return nil, err
	}
	h.Conn = conn
	forget := context.AfterFunc(ctx, h.hangUp)
	remove := c.keeper.add(conn.Tick)
	go func() {
		defer forget()
		defer remove()
		conn.Serve()
	}()
	if err := <-ready; err != nil {
		<-conn.Done()
		return nil, &wire.DialError{Phase: wire.PhaseHandshake, Host: config.Host, Err: err}
	}
	return h, nil
}

// hangUp closes the connection in the ordinary way.
func (h *host) hangUp() {
	defer survive()
	h.Close(listen.NormalClosure, "")
}

// leave closes the connection and waits until it is closed.
func (h *host) leave() {
	h.hangUp()
	<-h.Done()
}

// request has the dialect send a request and waits for its answer. begin runs
// alone and says by what name the answer will come.
func (h *host) request(ctx context.Context, begin func(dialect.Session) (name string, event dialect.Event, err error)) error {
	var answer <-chan error
	var failed error
	h.Do(func(s dialect.Session) dialect.Event {
		name, event, err := begin(s)
		if failed = err; err == nil {
			answer = h.expect(name)
		}
		return event
	})
	if failed != nil {
		return failed
	}
	patience := time.NewTimer(h.timeout)
	defer patience.Stop()
	select {
	case err := <-answer:
		return err
	case <-patience.C:
		return scriptErrorf(nameTimeoutError, "the gateway did not answer within %s", h.timeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// say sends a text of the script's.
func (h *host) say(text string) error {
	if err := h.Send([]byte(text)); err != nil {
		return scriptErrorf(nameClosedError, "the connection is closed: %w", err)
	}
	return nil
}

// expect returns what will bring the answer to a request.
func (h *host) expect(request string) <-chan error {
	answer := make(chan error, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed != nil {
		answer <- h.closed
		return answer
	}
	h.waiting[request] = append(h.waiting[request], answer)
	return answer
}

// answer brings it, to the one that has waited longest. It is false if nobody waits.
func (h *host) answer(request string, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := h.waiting[request]
	if len(waiting) == 0 {
		return false
	}
	waiting[0] <- err
	h.waiting[request] = waiting[1:]
	return true
}

// Event implements listen.Handler.
func (h *host) Event(e dialect.Event) {
	answered := false
	switch e.Kind {
	case dialect.Ready:
		answered = h.answer(handshake, nil)
	case dialect.Progress:
		answered = e.Request != "" && h.answer(e.Request, nil) // a nameless step is the handshake's, and not its end
	case dialect.Refusal:
		answered = h.answer(e.Request, e.Err) || h.answer(handshake, e.Err)
	case dialect.Unknown, dialect.Data, dialect.KeepAlive, dialect.Failure, dialect.Ended:
	}
	if h.script != nil && !answered {
		h.script.Event(e)
	}
}

// Message implements listen.Handler.
func (h *host) Message(data []byte, request string) {
	if h.script != nil {
		h.script.Message(data, request)
	}
}

// Closed implements listen.Handler. Nobody waits any longer.
func (h *host) Closed(code int, reason string) {
	h.mu.Lock()
	h.closed = scriptErrorf(nameClosedError, "%s", strings.TrimSpace(fmt.Sprintf("the connection was closed with code %d %s", code, reason)))
	for request, waiting := range h.waiting {
		for _, answer := range waiting {
			answer <- h.closed
		}
		delete(h.waiting, request)
	}
	h.mu.Unlock()
	if h.script != nil {
		h.script.Closed(code, reason)
	}
}
