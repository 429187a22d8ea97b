package pushgw

import (
	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// The events of a connection.
const (
	eventMessage = "message"
	eventClose   = "close"
	eventError   = "error"
)

// on is the JavaScript method that registers a handler.
func (s *connection) on(event string, handler sobek.Value) {
	f, ok := sobek.AssertFunction(handler)
	switch {
	case event != eventMessage && event != eventClose && event != eventError:
		s.module().throw(scriptErrorf(nameUsageError, "on(): unknown event %q; known are message, close, error", event))
	case !ok:
		s.module().throw(scriptErrorf(nameUsageError, "on(): the handler of %q must be a function", event))
	}
	s.handlers[event] = append(s.handlers[event], f)
	if event == eventMessage {
		s.listening.Store(true)
	}
}

// Event implements listen.Handler.
func (s *connection) Event(e dialect.Event) {
	if e.Err == nil {
		return
	}
	s.emit(eventError, func(rt *sobek.Runtime) sobek.Value { return toError(rt, e.Err) })
}

// Message implements listen.Handler. The data is copied because it is the reader's.
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
			s.keepEarly(event, task)
			return nil
		}
		if event == eventMessage && s.ctx.Err() != nil {
			return nil // the iteration is over, and what is left must not hold it open
		}
		// Messages cost the event loop something only while the script wants them.
		s.listening.Store(len(s.handlers[eventMessage]) > 0)
		for _, handle := range s.handlers[event] {
			if _, err := handle(sobek.Undefined(), value(s.module().vu.Runtime())); err != nil {
				return err
			}
		}
		return nil
	}
	s.tasks.add(task)
}

// keepEarly keeps an event until the script has its object. Only so many are kept,
// because a gateway may send without end; the close event always is.
func (s *connection) keepEarly(event string, task func() error) {
	if len(s.early) >= maxTasks && event != eventClose {
		s.call.recorder.Erred(listen.EarlyMessage)
		return
	}
	s.early = append(s.early, task)
}
