package events

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

const (
	authorization = `{"host":"h","x-api-key":"k"}`
	ack           = `{"type":"connection_ack","connectionTimeoutMs":240000}`
	publishBody   = `{"channel":"default/a","events":["{\"n\":1}"]}`
)

func frameOf(id string) string {
	return `{"type":"subscribe","id":"` + id + `","channel":"default/a","authorization":` + authorization + `}`
}

// newSession returns a session with so many subscriptions in its handshake.
func newSession(subscriptions int) *Session {
	var frames [][]byte
	for i := range subscriptions {
		frames = append(frames, SubscribeFrame(realtime.HandshakeID(i), `{"channel":"default/a"}`, []byte(authorization)))
	}
	return New(frames)
}

// turn is one thing that a test does to a session.
type turn func(t *testing.T, s *Session)

func receive(frame string, want ...dialect.Event) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		assert.Equal(t, want, flatten(s.Receive([]byte(frame))), frame)
	}
}

func flatten(event dialect.Event) []dialect.Event {
	var events []dialect.Event
	for next := &event; next != nil; next = next.Next {
		e := *next
		e.Next = nil
		events = append(events, e)
	}
	return events
}

func subscribe(id string) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		got, frame, err := s.Subscribe(`{"channel":"default/a"}`, []byte(authorization))
		require.NoError(t, err)
		assert.Equal(t, id, got)
		assert.JSONEq(t, frameOf(id), string(frame))
	}
}

func publish(id string, events int) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		got, frame, err := s.Publish(publishBody, events, []byte(authorization))
		require.NoError(t, err)
		assert.Equal(t, id, got)
		assert.Equal(t, `{"type":"publish","id":"`+id+`","channel":"default/a","events":["{\"n\":1}"],"authorization":`+authorization+`}`,
			string(frame))
	}
}

func unsubscribe(id, frame string) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		assert.Equal(t, frame, string(s.Stop(id)))
	}
}

func abandon(id string) turn {
	return func(_ *testing.T, s *Session) { s.Abandon(id) }
}

func farewell(frames ...string) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		var got []string
		for _, frame := range s.Farewell() {
			got = append(got, string(frame))
		}
		assert.Equal(t, frames, got)
	}
}

// The events of most tests.
var (
	unknown   = dialect.Event{}
	connected = dialect.Event{Kind: dialect.Ready, Timeout: 240 * time.Second}
	limit     = &dialect.Error{Name: "LimitExceeded", Message: "m"}
)

// errorOf is an error frame of this type with an id, or without one.
func errorOf(kind, id string) string {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return `{"type":"` + kind + `",` + id + `"errors":[{"errorType":"LimitExceededError","message":"m"}]}`
}

// started is the event with the frame of a subscription of the handshake.
func started(id string, timeout time.Duration) dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: []byte(frameOf(id)), Timeout: timeout}
}

func about(kind dialect.Kind, id string) dialect.Event { return dialect.Event{Kind: kind, Request: id} }

func subscribed(kind dialect.Kind, id string) dialect.Event {
	return dialect.Event{Kind: kind, Request: id, Counter: realtime.SubscribedCounter}
}

func failed(kind dialect.Kind, id string, err *dialect.Error) dialect.Event {
	return dialect.Event{Kind: kind, Request: id, Err: err}
}

func replied(e dialect.Event, p *Published) dialect.Event {
	e.Reply = p
	return e
}
