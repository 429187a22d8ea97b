package appsync

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
	operation     = `{"query":"subscription{onCreateRoom{id}}","variables":{}}`

	initFrame  = `{"type":"connection_init"}`
	ack        = `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`
	startFrame = `{"id":"1","type":"start","payload":{"data":"{\"query\":\"subscription{onCreateRoom{id}}\",\"variables\":{}}",` +
		`"extensions":{"authorization":` + authorization + `}}}`
)

func newSession(tb testing.TB, subscription bool) *Session {
	tb.Helper()
	if !subscription {
		return New(nil)
	}
	return New([][]byte{StartFrame(realtime.HandshakeID(0), operation, []byte(authorization))})
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

// turn is one thing that a test does to a session.
type turn func(t *testing.T, s *Session)

func receive(frame string, want ...dialect.Event) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		assert.Equal(t, want, flatten(s.Receive([]byte(frame))), frame)
	}
}

func subscribe(id string) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		got, frame, err := s.Subscribe(`{"query":"{a}","variables":{}}`, []byte(authorization))
		require.NoError(t, err)
		assert.Equal(t, id, got)
		assert.JSONEq(t, `{"id":"`+id+`","type":"start","payload":{"data":"{\"query\":\"{a}\",\"variables\":{}}",`+
			`"extensions":{"authorization":`+authorization+`}}}`, string(frame))
	}
}

func stop(id, frame string) turn {
	return func(t *testing.T, s *Session) {
		t.Helper()
		assert.Equal(t, frame, string(s.Stop(id)))
	}
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

// The events and frames of most tests.
var (
	unknown     = dialect.Event{}
	connected   = dialect.Event{Kind: dialect.Ready, Timeout: 300 * time.Second}
	started     = dialect.Event{Kind: dialect.Progress, Timeout: 300 * time.Second, Answer: []byte(startFrame)}
	ready       = dialect.Event{Kind: dialect.Ready, Request: "1", Counter: realtime.SubscribedCounter}
	limit       = &dialect.Error{Name: realtime.LimitExceeded, Message: "Rate limit exceeded"}
	limitFrame  = `{"type":"error","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`
	limitFrame2 = `{"id":"2","type":"error","payload":{"errors":{"errorType":"LimitExceededError","message":"Rate limit exceeded"}}}`
)

func about(kind dialect.Kind, id string) dialect.Event {
	return dialect.Event{Kind: kind, Request: id}
}

func subscribed(id string) dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Request: id, Counter: realtime.SubscribedCounter}
}

func failed(kind dialect.Kind, id string, err *dialect.Error) dialect.Event {
	return dialect.Event{Kind: kind, Request: id, Err: err}
}

func readySession(tb testing.TB) *Session {
	tb.Helper()
	s := newSession(tb, true)
	s.Open()
	s.Receive([]byte(`{"type":"connection_ack"}`))
	if e := s.Receive([]byte(`{"type":"start_ack","id":"1"}`)); e.Kind != dialect.Ready {
		tb.Fatal(e)
	}
	return s
}
