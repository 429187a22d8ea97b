package appsync

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

func TestSession(t *testing.T) {
	t.Parallel()
	unauthorized := &dialect.Error{Name: realtime.Unauthorized, Code: 401, Message: "You are not authorized to make this call."}
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
		{"the connection is refused with an id", true, []turn{
			receive(`{"type":"connection_error","id":"1","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`,
				failed(dialect.Refusal, "", limit)),
			receive(ack, unknown),
		}},
		{"the connection is refused without a type or a code", true, []turn{
			receive(`{"type":"connection_error","payload":{"errors":[{"message":"m"}]}}`,
				failed(dialect.Refusal, "", &dialect.Error{Name: realtime.Other, Message: "m"})),
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
			stop("2", `{"id":"2","type":"stop"}`),
			receive(`{"id":"2","type":"complete"}`, about(dialect.Progress, "2")),
			subscribe("3"),
		}},
		{"farewell", true, []turn{
			farewell(),
			receive(ack, started),
			farewell(),
			receive(`{"id":"1","type":"start_ack"}`, dialect.Event{
				Kind: dialect.Progress, Request: "1", Counter: realtime.SubscribedCounter, Answer: []byte(`{"id":"1","type":"stop"}`),
			}),
			subscribe("2"), subscribe("3"), subscribe("4"),
			receive(`{"id":"2","type":"start_ack"}`, subscribed("2")),
			receive(`{"id":"4","type":"start_ack"}`, subscribed("4")),
			farewell(`{"id":"2","type":"stop"}`, `{"id":"4","type":"stop"}`),
			farewell(),
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
			receive(`{"id":"1","type":"error","payload":{"errors":[]}}`, failed(dialect.Failure, "1", &dialect.Error{Name: realtime.Other})),
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
				failed(dialect.Refusal, "1", &dialect.Error{Name: realtime.Other, Message: "complete came before start_ack"})),
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
				Kind: dialect.Progress, Request: "1", Counter: realtime.SubscribedCounter, Answer: []byte(`{"id":"1","type":"stop"}`),
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

func TestSubscribeErrors(t *testing.T) {
	t.Parallel()
	s := newSession(t, true)
	_, _, err := s.Subscribe(`{"query":"{a}","variables":{}}`, []byte(authorization))
	require.ErrorIs(t, err, realtime.ErrNotAcknowledged)

	s.Receive([]byte(ack))
	id, _, err := s.Subscribe(`{"query":"{a}","variables":{}}`, []byte(authorization))
	require.NoError(t, err)
	assert.Equal(t, "2", id, "the handshake's own is 1, and a start that was refused here took none")
}

// A handshake with several subscriptions is over when all are acknowledged, in whatever
// order, and each is counted.
func TestSeveralSubscriptions(t *testing.T) {
	t.Parallel()
	starts := [][]byte{[]byte("one"), []byte("two"), []byte("three")}
	begun := []dialect.Event{
		{Kind: dialect.Progress, Timeout: 300 * time.Second, Answer: starts[0]},
		{Kind: dialect.Progress, Answer: starts[1]},
		{Kind: dialect.Progress, Answer: starts[2]},
	}
	acknowledges := func(id string, want dialect.Event) turn { return receive(`{"type":"start_ack","id":"`+id+`"}`, want) }
	last := dialect.Event{Kind: dialect.Ready, Request: "3", Counter: realtime.SubscribedCounter}
	ready := []turn{receive(ack, begun...), acknowledges("2", subscribed("2")), acknowledges("1", subscribed("1")), acknowledges("3", last)}
	refusal := &dialect.Error{Name: realtime.LimitExceeded, Message: "Rate limit exceeded"}
	for name, turns := range map[string][]turn{
		"all are acknowledged": append(ready[:4:4],
			acknowledges("2", unknown), subscribe("4"), acknowledges("4", subscribed("4")),
			receive(`{"type":"data","id":"2","payload":{}}`, about(dialect.Data, "2")),
			receive(`{"type":"complete","id":"2"}`, about(dialect.Ended, "2")),
			receive(`{"type":"data","id":"2","payload":{}}`, about(dialect.Data, "")),
			farewell(`{"id":"1","type":"stop"}`, `{"id":"3","type":"stop"}`, `{"id":"4","type":"stop"}`)),
		"one is refused": append(ready[:3:3],
			receive(`{"type":"error","id":"3","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`,
				failed(dialect.Refusal, "3", refusal))),
		"it isn't said which are refused": append(ready[:2:2],
			receive(limitFrame, failed(dialect.Refusal, "1", limit), failed(dialect.Refusal, "3", limit))),
		"one is ended first": append(ready[:3:3], receive(`{"type":"complete","id":"2"}`, about(dialect.Ended, "2"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(starts)
			s.Open()
			for _, turn := range turns {
				turn(t, s)
			}
		})
	}
}

func TestDataIsFree(t *testing.T) {
	s := readySession(t)
	data := []byte(`{"id":"1","type":"data","payload":` + benchPayload + `}`)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Receive(data) }))
}

func TestSessionIsSmall(t *testing.T) {
	const sessions = 1000
	starts := [][]byte{StartFrame(realtime.HandshakeID(0), strings.Repeat("x", 10_000), []byte(authorization))}
	kept := make([]*Session, sessions)
	before := heap()
	for i := range kept {
		kept[i] = New(starts)
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

// FuzzSession passes the lines of a text to a session, each as a frame, and checks what
// must hold for any frames.
func FuzzSession(f *testing.F) {
	f.Add([]byte(ack + "\n" + `{"id":"1","type":"start_ack"}` + "\n" + `{"id":"1","type":"complete"}`))
	f.Add([]byte(ack + "\n" + limitFrame + "\n" + limitFrame2))
	f.Add([]byte(`{"type":"connection_error","payload":{"errors":[{}]}}` + "\n" + ack))
	f.Add([]byte(`{"type":"data","id":"` + "\n" + `{"type":"ka","x":[{]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newSession(t, true)
		s.Open()
		handshake := true
		for _, frame := range bytes.Split(text, []byte("\n")) {
			copied := bytes.Clone(frame)
			events := flatten(s.Receive(frame))
			require.Equal(t, copied, frame)
			clear(frame) // nothing may point into it
			for _, e := range events {
				requireSound(t, e)
				over := e.Kind == dialect.Ready || e.Kind == dialect.Refusal && (e.Request == "" || e.Request == realtime.HandshakeID(0))
				require.False(t, !handshake && over)
				handshake = handshake && !over
			}
			if id, _, err := s.Subscribe(`{"query":"{a}"}`, []byte(authorization)); err == nil {
				requireLive(t, s, id)
			}
		}
		s.Farewell()
		require.Empty(t, s.Farewell())
	})
}

// requireLive acknowledges a subscription and ends it again.
func requireLive(t *testing.T, s *Session, id string) {
	t.Helper()
	require.NotEqual(t, realtime.HandshakeID(0), id)
	e := s.Receive([]byte(`{"type":"start_ack","id":"` + id + `"}`))
	require.Equal(t, subscribed(id), e)
	require.Equal(t, `{"id":"`+id+`","type":"stop"}`, string(s.Stop(id)))
	e = s.Receive([]byte(`{"type":"complete","id":"` + id + `"}`))
	require.Equal(t, about(dialect.Progress, id), e)
}

func requireSound(t *testing.T, e dialect.Event) {
	t.Helper()
	isError := e.Kind == dialect.Failure || e.Kind == dialect.Refusal
	require.Equal(t, isError, e.Err != nil)
	if isError {
		require.Contains(t, ErrorNames(), e.Err.Name)
	}
	if e.Counter != "" {
		require.Contains(t, []dialect.Kind{dialect.Ready, dialect.Progress}, e.Kind)
		require.NotEmpty(t, e.Request)
	}
	require.GreaterOrEqual(t, e.Timeout, time.Duration(0))
	require.LessOrEqual(t, e.Timeout, 24*time.Hour)
}

// The payload is what a subscription of four fields delivers: about 300 bytes.
const benchPayload = `{"data":{"onCreateRoom":{"__typename":"Room","id":"0f8b2c1e-5a59-4a7e-9a53-0f4c8b1d2e3f",` +
	`"title":"room-pgw-0000002a00000001-00063a1b2c3d4-89abcdef","members":[1,2,3],"createdAt":"2026-01-02T03:04:05.678Z",` +
	`"text":"He said \"hello\" to everybody in the room, and nobody answered."}}}`

func BenchmarkReceive(b *testing.B) {
	for name, frame := range map[string]string{
		"PayloadLast":  `{"id":"1","type":"data","payload":` + benchPayload + `}`,
		"PayloadFirst": `{"payload":` + benchPayload + `,"id":"1","type":"data"}`,
		"Flat":         `{"payload":"` + strings.Repeat("x", 300) + `","id":"1","type":"data"}`,
		"KeepAlive":    `{"type":"ka"}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := readySession(b)
			data := []byte(frame)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if e := s.Receive(data); e.Kind != dialect.Data && e.Kind != dialect.KeepAlive {
					b.Fatal(e.Kind)
				}
			}
		})
	}
}
