package pushgw

import (
	"context"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/events"
)

// subscribe is the JavaScript method of a connection to AppSync; without an operation
// of its own it takes the client's. It resolves when the subscription is acknowledged.
func (s *connection) subscribe(g *appSync, value sobek.Value) *sobek.Promise {
	data, err := g.readSubscription(s.call.own, value)
	if err != nil {
		s.module().throw(err)
	}
	return s.begin(data)
}

// subscriber is a session whose connection can have subscriptions.
type subscriber interface {
	// Subscribe begins a subscription and returns its id and the frame to send.
	Subscribe(body string, authorization []byte) (id string, frame []byte, err error)
	// Stop ends one and returns the frame to send, if any.
	Stop(id string) []byte
}

var (
	_ subscriber = (*appsync.Session)(nil)
	_ subscriber = (*events.Session)(nil)
)

// begin begins a subscription to what body says, and resolves with its object.
func (s *connection) begin(body string) *sobek.Promise {
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		authorization, err := s.call.authorizeFrame(ctx, body)
		if err != nil {
			return nil, err
		}
		starting := &request{
			begin: func(session dialect.Session) (string, dialect.Event, error) {
				own, _ := session.(subscriber)
				id, frame, err := own.Subscribe(body, authorization)
				return id, dialect.Event{Kind: dialect.Progress, Answer: frame}, err
			},
			withdraw: stopSubscription,
		}
		s.host.send(starting)
		if err := s.host.receive(ctx, starting); err != nil {
			return nil, err
		}
		return onLoop(func() sobek.Value { return s.subscription(starting.name) }), nil
	})
}

// stopSubscription stops a subscription that isn't wanted any longer.
func stopSubscription(session dialect.Session, id string) dialect.Event {
	own, _ := session.(subscriber)
	return dialect.Event{Kind: dialect.Progress, Answer: own.Stop(id)}
}

// readSubscription returns the text of the operation to subscribe with.
func (g *appSync) readSubscription(own *values, value sobek.Value) (data string, err error) {
	if value == nil || sobek.IsUndefined(value) {
		if len(g.subscriptions) != 1 {
			return "", scriptErrorf(nameUsageError, "subscribe() needs an operation, because the client doesn't have exactly one")
		}
		return g.subscriptions[0].data(own)
	}
	o := readOptions(value, "subscribe()")
	operation := o.operation()
	if err := o.done(); err != nil {
		return "", err
	}
	if data, err = operation.Data(); err != nil {
		return "", scriptErrorf(nameInvalidOption, "subscribe(): %v", err)
	}
	return data, nil
}

// subscription is the JavaScript object of a subscription.
func (s *connection) subscription(id string) sobek.Value {
	object := s.module().vu.Runtime().NewObject()
	// Setting properties of a new object can't fail.
	_ = object.Set("id", id)
	_ = object.Set("unsubscribe", func() *sobek.Promise { return s.unsubscribe(id) })
	return object
}

// unsubscribe is the JavaScript method of a subscription. It resolves when the gateway
// has ended the subscription.
func (s *connection) unsubscribe(id string) *sobek.Promise {
	stopping := &request{
		begin: func(session dialect.Session) (string, dialect.Event, error) {
			own, _ := session.(subscriber)
			frame := own.Stop(id)
			if frame == nil {
				return "", dialect.Event{}, scriptErrorf(nameUsageError, "unsubscribe(): there is no such subscription any more")
			}
			return id, dialect.Event{Kind: dialect.Progress, Answer: frame}, nil
		},
		withdraw: func(dialect.Session, string) dialect.Event { return dialect.Event{} }, // a stop can't be taken back
	}
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		s.host.send(stopping)
		return sobek.Undefined(), s.host.receive(ctx, stopping)
	})
}
