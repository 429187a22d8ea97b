package pushgw

import (
	"context"
	"sync/atomic"

	"github.com/grafana/sobek"
)

// connection is a connection that a script drives: its JavaScript object, and the way
// of what happens to the event loop. It implements listen.Handler; see
// connection_on.go.
type connection struct {
	call   *call
	host   *hostConn
	ctx    context.Context // the iteration's, which the connection doesn't outlive
	object *sobek.Object
	tasks  *taskQueue
	// handlers are the script's, by event, and early the events that came before
	// it had a chance to register any; both are used on the event loop only.
	handlers  map[string][]sobek.Callable
	early     []func() error
	delivered bool        // the object has been handed to the script
	listening atomic.Bool // the script wants messages

	joins  turns
	joined int // the number of the latest join() that succeeded
}

// newConnection is called on the event loop.
func newConnection(c *call) *connection {
	vu := c.client.module.vu
	s := &connection{
		call: c, ctx: vu.Context(), object: vu.Runtime().NewObject(),
		tasks: newTaskQueue(vu), handlers: make(map[string][]sobek.Callable),
	}
	s.listening.Store(true)
	s.set("on", s.on)
	s.set("send", s.send)
	s.set("close", s.close)
	return s
}

// set defines a property of the JavaScript object; the script is told if it can't be.
func (s *connection) set(name string, value any) {
	if err := s.object.Set(name, value); err != nil {
		s.module().throw(err)
	}
}

// get defines a property of the JavaScript object whose value is asked for when it is read.
func (s *connection) get(name string, value func() sobek.Value) {
	getter := s.module().vu.Runtime().ToValue(value)
	if err := s.object.DefineAccessorProperty(name, getter, nil, sobek.FLAG_FALSE, sobek.FLAG_TRUE); err != nil {
		s.module().throw(err)
	}
}

func (s *connection) module() *module { return s.call.client.module }

// open opens the connection. Samples are pushed until it is closed.
func (s *connection) open(ctx context.Context) error {
	stop, opened := s.call.startTicking(nil), false
	finish := func() {
		stop()
		s.tasks.close()
	}
	defer func() {
		if !opened { // a panic too must not leave the script waiting
			finish()
		}
	}()
	host, err := openHost(ctx, s.call, s)
	if err != nil {
		return err
	}
	opened = true
	s.host = host
	go func() {
		<-host.conn.Done()
		finish()
	}()
	return nil
}

// deliver hands the object to the script, and what has happened meanwhile to the
// handlers that the script is going to register.
//
// What comes until the script has gone on is early too, so that everything is told
// in order, even if the connection has been closed meanwhile.
func (s *connection) deliver() sobek.Value {
	s.module().vu.RegisterCallback()(func() error {
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

// send is the JavaScript method that sends one text message.
func (s *connection) send(value sobek.Value) {
	text := s.text(value, "send() takes a string, not %s; JSON.stringify() makes one of an object")
	if err := s.host.Send(text); err != nil {
		s.module().throw(err)
	}
}

// text is a method's argument that must be a string; see module.text.
func (s *connection) text(value sobek.Value, format string) string {
	return s.module().text(value, format)
}

// close is the JavaScript method; it resolves when the connection is closed.
func (s *connection) close() *sobek.Promise {
	return newPromise(s.module().vu, func(context.Context) (any, error) {
		s.host.Close()
		return sobek.Undefined(), nil
	})
}
