package appsync

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// FuzzSession feeds a session the lines of a text, each a frame, and looks after
// what must hold whatever they are.
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
				over := e.Kind == dialect.Ready || e.Kind == dialect.Refusal && (e.Request == "" || e.Request == FirstID)
				require.False(t, !handshake && over)
				handshake = handshake && !over
			}
			if id, _, err := s.Subscribe(`{"query":"{a}"}`, []byte(authorization)); err == nil {
				requireLive(t, s, id)
			}
			require.Less(t, len(s.subscriptions), 3)
		}
		s.Farewell()
		require.Empty(t, s.Farewell())
	})
}

// requireLive acknowledges a subscription and ends it again.
func requireLive(t *testing.T, s *Session, id string) {
	t.Helper()
	require.NotEqual(t, FirstID, id)
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
	require.LessOrEqual(t, e.Timeout, maxTimeout)
}

func FuzzResponseError(f *testing.F) {
	f.Add([]byte(`{"data":{},"errors":[{"message":"m"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := ResponseError(body); err != nil {
			require.Contains(t, ErrorNames(), err.Name)
		}
	})
}
