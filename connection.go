package pushgw

import (
	"context"
	"sync/atomic"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// connection is a host that a script drives: its JavaScript object, and the way
// of what happens to the event loop. It implements listen.Handler.
type connection struct {
	*call
	*host
	ctx    context.Context // the iteration's, which the connection doesn't outlive
	object *sobek.Object
	tasks  *tasks
	// handlers are the script's, by event, and early the events that came before
	// it had a chance to register any; both are used on the event loop only.
	handlers  map[string][]sobek.Callable
	early     []func() error
	delivered bool        // the object has been handed to the script
	listening atomic.Bool // somebody wants messages
}

// The events of a connection.
const (
	eventMessage = "message"
	eventClose   = "close"
	eventError   = "error"
)

// connect opens a connection and resolves with its object, to which define has
// given what the dialect adds.
func (c *call) connect(define func(*connection)) *sobek.Promise {
	s := &connection{
		call: c, ctx: c.vu.Context(), object: c.vu.Runtime().NewObject(),
		tasks: newTasks(c.vu), handlers: make(map[string][]sobek.Callable),
	}
	s.listening.Store(true)
	c.set(s.object, "on", s.on)
	c.set(s.object, "send", s.send)
	c.set(s.object, "close", s.close)
	define(s)
	return promise(c.vu, func(ctx context.Context) (any, error) {
		end, opened := c.keep(nil), false
		defer func() {
			if !opened { // a panic too must not leave the script waiting
				end()
				s.tasks.close()
			}
		}()
		h, err := openHost(ctx, c, s)
		if err != nil {
			return nil, err
		}
		opened = true
		s.host = h
		go func() {
			<-h.Done()
			end()
			s.tasks.close()
		}()
		return onLoop(s.deliver), nil
	})
}

// deliver hands the object to the script, and what has happened meanwhile to the
// handlers it is going to register.
//
// What comes until the script has gone on is early too, so that all of it is told
// in order, even if the connection has been closed meanwhile.
func (s *connection) deliver() sobek.Value {
	s.vu.RegisterCallback()(func() error {
		s.delivered = true
		early := s.early
		s.early = nil
		for _, event := range early {
			if err := event(); err != nil {
				return err
			}
		}
		return nil
	})
	return s.object
}

// on is the JavaScript method that registers a handler.
func (s *connection) on(event string, handler sobek.Value) {
	f, ok := sobek.AssertFunction(handler)
	switch {
	case event != eventMessage && event != eventClose && event != eventError:
		throw(s.vu.Runtime(), scriptErrorf(nameUsageError, "on(): unknown event %q; known are message, close, error", event))
	case !ok:
		throw(s.vu.Runtime(), scriptErrorf(nameUsageError, "on(): the handler of %q must be a function", event))
	}
	s.handlers[event] = append(s.handlers[event], f)
	if event == eventMessage {
		s.listening.Store(true)
	}
}

// send is the JavaScript method that sends one text message.
func (s *connection) send(value sobek.Value) {
	if value == nil {
		value = sobek.Undefined()
	}
	text, ok := value.Export().(string)
	if !ok {
		throw(s.vu.Runtime(), scriptErrorf(nameUsageError,
			"send() takes a string, not %s; JSON.stringify() makes one of an object", kind(value.Export())))
	}
	if err := s.say(text); err != nil {
		throw(s.vu.Runtime(), err)
	}
}

// close is the JavaScript method; it resolves when the connection is closed.
func (s *connection) close() *sobek.Promise {
	return promise(s.vu, func(context.Context) (any, error) {
		s.leave()
		return sobek.Undefined(), nil
	})
}

// Event implements listen.Handler.
func (s *connection) Event(e dialect.Event) {
	if e.Err == nil {
		return
	}
	s.emit(eventError, func(rt *sobek.Runtime) sobek.Value { return toError(rt, e.Err) })
}

// Message implements listen.Handler. The data is copied: it is the reader's.
func (s *connection) Message(data []byte, request string) {
	if !s.listening.Load() {
		return
	}
	text := string(data)
	s.emit(eventMessage, func(rt *sobek.Runtime) sobek.Value {
		return rt.ToValue(struct {
			Data string `js:"data"`
			ID   string `js:"id"`
		}{text, request})
	})
}

// Closed implements listen.Handler.
func (s *connection) Closed(code int, reason string) {
	s.emit(eventClose, func(rt *sobek.Runtime) sobek.Value {
		return rt.ToValue(struct {
			Code   int    `js:"code"`
			Reason string `js:"reason"`
		}{code, reason})
	})
}

// emit has the event's handlers called on the event loop.
func (s *connection) emit(event string, value func(*sobek.Runtime) sobek.Value) {
	var task func() error
	task = func() error {
		if !s.delivered {
			s.early = append(s.early, task)
			return nil
		}
		if event == eventMessage && s.ctx.Err() != nil {
			return nil // the iteration is over, and what is left must not hold it open
		}
		// Messages cost the event loop something only while somebody wants them.
		s.listening.Store(len(s.handlers[eventMessage]) > 0)
		for _, handle := range s.handlers[event] {
			if _, err := handle(sobek.Undefined(), value(s.vu.Runtime())); err != nil {
				return err
			}
		}
		return nil
	}
	s.tasks.add(task)
}
