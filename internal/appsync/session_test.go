package appsync

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
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
	return New(StartFrame(FirstID, operation, []byte(authorization)))
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

// Turns: what a test does to a session, one after another.
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

// What the turns of most tests mean.
var (
	unknown     = dialect.Event{}
	connected   = dialect.Event{Kind: dialect.Ready, Timeout: 300 * time.Second}
	started     = dialect.Event{Kind: dialect.Progress, Timeout: 300 * time.Second, Answer: []byte(startFrame)}
	ready       = dialect.Event{Kind: dialect.Ready, Request: "1", Counter: SubscribedCounter}
	limit       = &dialect.Error{Name: LimitExceeded, Message: "Rate limit exceeded"}
	limitFrame  = `{"type":"error","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`
	limitFrame2 = `{"id":"2","type":"error","payload":{"errors":{"errorType":"LimitExceededError","message":"Rate limit exceeded"}}}`
)

func about(kind dialect.Kind, id string) dialect.Event {
	return dialect.Event{Kind: kind, Request: id}
}

func subscribed(id string) dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Request: id, Counter: SubscribedCounter}
}

func failed(kind dialect.Kind, id string, err *dialect.Error) dialect.Event {
	return dialect.Event{Kind: kind, Request: id, Err: err}
}

func TestSession(t *testing.T) {
	t.Parallel()
	unauthorized := &dialect.Error{Name: Unauthorized, Code: 401, Message: "You are not authorized to make this call."}
	tests := []struct {
		name         string
		subscription bool
		turns        []turn
	}{
		{"the blog's listener", true, []turn{
			receive(ack, started),
			receive(`{"type":"ka"}`, about(dialect.KeepAlive, "")),
			receive(`{"id":"1","type":"start_ack"}`, ready),
			receive(`{"id":"1","type":"data","payload":{"data":{"onCreateRoom":{"title":"room-1601101219641"}}}}`, about(dialect.Data, "1")),
			receive(`{"type":"ka"}`, about(dialect.KeepAlive, "")),
			farewell(`{"id":"1","type":"stop"}`),
			receive(`{"id":"1","type":"data","payload":{}}`, about(dialect.Data, "1")),
			receive(`{"id":"1","type":"complete"}`, about(dialect.Progress, "1")),
			receive(`{"id":"1","type":"data","payload":{}}`, about(dialect.Data, "")),
			farewell(),
		}},
		{"no subscription", false, []turn{
			receive(ack, connected),
			receive(`{"id":"1","type":"start_ack"}`, unknown),
			farewell(),
		}},
		{"a keep-alive and data come first", true, []turn{
			receive(`{"type":"ka"}`, about(dialect.KeepAlive, "")),
			receive(`{"id":"1","type":"data","payload":{}}`, about(dialect.Data, "")),
			receive(`{"id":"1","type":"start_ack"}`, unknown),
			receive(ack, started),
			receive(`{"id":"1","type":"data","payload":{}}`, about(dialect.Data, "1")),
			receive(`{"type":"start_ack","id":"1"}`, ready),
		}},
		{"acknowledged twice", true, []turn{
			receive(ack, started),
			receive(ack, unknown),
			receive(`{"id":"1","type":"start_ack"}`, ready),
			receive(`{"id":"1","type":"start_ack"}`, unknown),
		}},
		{"the connection is refused", true, []turn{
			receive(`{"payload":{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call.",`+
				`"errorCode":401}]},"type":"connection_error"}`, failed(dialect.Refusal, "", unauthorized)),
			receive(ack, unknown),
			receive(limitFrame, failed(dialect.Failure, "", limit)),
			farewell(),
		}},
		{"the connection is refused without a type or a code", true, []turn{
			receive(`{"type":"connection_error","payload":{"errors":[{"message":"m"}]}}`,
				failed(dialect.Refusal, "", &dialect.Error{Name: Other, Message: "m"})),
		}},
		{"the connection is refused by an error without id", true, []turn{
			receive(limitFrame, failed(dialect.Refusal, "", limit)),
			receive(ack, unknown),
		}},
		{"the handshake's subscription is refused", true, []turn{
			receive(ack, started),
			receive(`{"id":"1","type":"error","payload":{"errors":[{"message":"Validation error"}]}}`,
				failed(dialect.Refusal, "1", &dialect.Error{Name: Validation, Message: "Validation error"})),
			receive(`{"id":"1","type":"start_ack"}`, unknown),
			subscribe("2"),
			receive(`{"id":"2","type":"start_ack"}`, subscribed("2")),
		}},
		{"the handshake's subscription is refused without id", true, []turn{
			receive(ack, started),
			receive(limitFrame, failed(dialect.Refusal, "1", limit)),
			receive(limitFrame, failed(dialect.Failure, "", limit)),
		}},
		{"an error without id refuses every start that waits", true, []turn{
			receive(ack, started),
			receive(`{"id":"1","type":"start_ack"}`, ready),
			subscribe("2"), subscribe("3"), subscribe("4"), subscribe("5"),
			receive(`{"id":"3","type":"start_ack"}`, subscribed("3")),
			stop("4", ""),
			receive(`{"id":"","type":"error","payload":{"errors":{"errorType":"LimitExceededError","message":"Rate limit exceeded"}}}`,
				failed(dialect.Refusal, "2", limit), failed(dialect.Refusal, "4", limit), failed(dialect.Refusal, "5", limit)),
			receive(limitFrame, failed(dialect.Failure, "", limit)),
			farewell(`{"id":"1","type":"stop"}`, `{"id":"3","type":"stop"}`),
		}},
		{"errors with ids", true, []turn{
			receive(ack, started),
			subscribe("2"),
			receive(limitFrame2, failed(dialect.Refusal, "2", limit)),
			receive(limitFrame2, failed(dialect.Failure, "", limit)),
			receive(`{"id":"1","type":"start_ack"}`, ready),
			receive(`{"id":"1","type":"error","payload":{"errors":[]}}`, failed(dialect.Failure, "1", &dialect.Error{Name: Other})),
			receive(`{"id":"1","type":"data","payload":{}}`, about(dialect.Data, "1")),
			subscribe("3"),
		}},
		{"the server ends a subscription", true, []turn{
			receive(ack, started),
			receive(`{"id":"1","type":"start_ack"}`, ready),
			receive(`{"id":"2","type":"complete"}`, unknown),
			receive(`{"type":"complete"}`, unknown),
			receive(`{"id":"1","type":"complete"}`, about(dialect.Ended, "1")),
			receive(`{"id":"1","type":"complete"}`, unknown),
			farewell(),
		}},
		{"the server ends a subscription instead of beginning it", true, []turn{
			receive(ack, started),
			receive(`{"id":"1","type":"complete"}`,
				failed(dialect.Refusal, "1", &dialect.Error{Name: Other, Message: "complete came before start_ack"})),
		}},
		{"stop", false, []turn{
			stop("1", ""),
			receive(ack, connected),
			subscribe("1"),
			receive(`{"id":"1","type":"start_ack"}`, subscribed("1")),
			stop("1", `{"id":"1","type":"stop"}`),
			stop("1", ""),
			receive(`{"id":"1","type":"start_ack"}`, unknown),
			receive(`{"id":"1","type":"complete"}`, about(dialect.Progress, "1")),
			stop("1", ""),
			subscribe("2"),
		}},
		{"a stop is refused", false, []turn{
			receive(ack, connected),
			subscribe("1"),
			receive(`{"id":"1","type":"start_ack"}`, subscribed("1")),
			stop("1", `{"id":"1","type":"stop"}`),
			receive(limitFrame, failed(dialect.Failure, "", limit)),
			receive(`{"id":"1","type":"error","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`,
				failed(dialect.Refusal, "1", limit)),
			stop("1", ""),
		}},
		{"a stop waits for the start", true, []turn{
			receive(ack, started),
			stop("1", ""),
			receive(`{"id":"1","type":"start_ack"}`, dialect.Event{
				Kind: dialect.Progress, Request: "1", Counter: SubscribedCounter, Answer: []byte(`{"id":"1","type":"stop"}`),
			}),
			receive(`{"id":"1","type":"complete"}`, about(dialect.Progress, "1")),
		}},
		{"a stop waits for a start that ends by itself", true, []turn{
			receive(ack, started),
			stop("1", ""),
			receive(`{"id":"1","type":"complete"}`, about(dialect.Progress, "1")),
		}},
		{"odd frames end nothing", true, []turn{
			receive(``, unknown),
			receive(`hello`, unknown),
			receive(`[]`, unknown),
			receive(`{}`, unknown),
			receive(`{"type":1}`, unknown),
			receive(`{"type":"ka"`, unknown),
			receive(`{"type":"KA"}`, unknown),
			receive(`{"type":"next","id":"1"}`, unknown),
			receive(`{"id":"1","payload":{"type":"data"}}`, unknown),
			receive(`{"type":"start_ack"}`, unknown),
			receive(`{"payload":{"type":"connection_error"},"text":"\",\"type\":\"ka\"","type":"connection_ack"}`, started),
			receive(`{"payload":{"id":"9","type":"data"},"type":"start_ack","id":"1"}`, ready),
			receive(`{"payload":{"id":"9","type":"complete"},"id":"1","type":"data"}`, about(dialect.Data, "1")),
			receive(`{"type":"data"}`, about(dialect.Data, "")),
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, test.subscription)
			assert.Equal(t, dialect.Event{Kind: dialect.Progress, Answer: []byte(initFrame)}, s.Open())
			for _, turn := range test.turns {
				turn(t, s)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]time.Duration{
		ack: 300 * time.Second,
		`{"payload":{"connectionTimeoutMs":1500},"type":"connection_ack"}`:              1500 * time.Millisecond,
		`{"type":"connection_ack","connectionTimeoutMs":2000}`:                          2 * time.Second,
		`{"type":"connection_ack"}`:                                                     300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":0}}`:                 300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":-1}}`:                300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":9e18}}`:              300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":null}}`:              300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":"soon"}}`:            300 * time.Second,
		`{"type":"connection_ack","payload":{"x":{"connectionTimeoutMs":1}}}`:           300 * time.Second,
		`{"type":"connection_ack","payload":[],"connectionTimeoutMs":{"a":[1,"2",{}]}}`: 300 * time.Second,
	} {
		assert.Equal(t, want, newSession(t, false).Receive([]byte(frame)).Timeout, frame)
	}
}

func TestSubscribeErrors(t *testing.T) {
	t.Parallel()
	s := newSession(t, true)
	_, _, err := s.Subscribe(`{"query":"{a}","variables":{}}`, []byte(authorization))
	require.ErrorIs(t, err, ErrNotAcknowledged)

	s.Receive([]byte(ack))
	id, _, err := s.Subscribe(`{"query":"{a}","variables":{}}`, []byte(authorization))
	require.NoError(t, err)
	assert.Equal(t, "2", id, "the handshake's own is 1, and a start that was refused here took none")
}

func TestDataIsFree(t *testing.T) {
	s := readySession(t)
	data := []byte(`{"id":"1","type":"data","payload":` + benchPayload + `}`)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Receive(data) }))
}

func TestSessionIsSmall(t *testing.T) {
	const sessions = 1000
	start := StartFrame(FirstID, strings.Repeat("x", 10_000), []byte(authorization))
	kept := make([]*Session, sessions)
	before := heap()
	for i := range kept {
		kept[i] = New(start)
		kept[i].Open()
		kept[i].Receive([]byte(ack))
		kept[i].Receive([]byte(`{"id":"1","type":"start_ack"}`))
	}
	assert.Less(t, (heap()-before)/sessions, int64(150), "bytes in one session")
	runtime.KeepAlive(kept)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below
}
