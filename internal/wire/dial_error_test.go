package wire

import (
	"context"
	"errors"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDialErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("no route")
	for want, err := range map[string]*DialError{
		"connecting to a.test:1 failed (tcp): no route":    {Phase: PhaseTCP, Host: "a.test:1", Err: cause},
		"a.test:1 was not dialled (script): no route":      {Phase: PhaseScript, Host: "a.test:1", Err: cause},
		"a.test:1 was not dialled (credentials): no route": {Phase: PhaseCredentials, Host: "a.test:1", Err: cause},
		"listener 7: connecting to a.test:1 failed (tcp): no route": {
			Connection: "listener 7", Phase: PhaseTCP, Host: "a.test:1", Err: cause,
		},
		"a.test:1 refused the WebSocket upgrade with status 429 Too Many Requests": {
			Phase: PhaseUpgrade, Host: "a.test:1", Status: 429, Err: cause,
		},
		"a.test:1 refused the WebSocket upgrade with status 403 Forbidden: no": {
			Phase: PhaseUpgrade, Host: "a.test:1", Status: 403, Body: "no", Err: cause,
		},
		"a.test:1 refused the WebSocket upgrade of /x with status 599: no": {
			Phase: PhaseUpgrade, Host: "a.test:1", Status: 599, Path: "/x", Body: "no", Err: cause,
		},
		"a.test:1 refused the WebSocket upgrade of /x with status 301 Moved Permanently (to b.test/y)": {
			Phase: PhaseUpgrade, Host: "a.test:1", Status: 301, Path: "/x", Location: "b.test/y", Err: cause,
		},
	} {
		assert.EqualError(t, err, want)
		assert.ErrorIs(t, err, cause)
	}
}

// The context's end is the cause of every error but a timeout.
func TestDialErrorOfAnEndedContext(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	d := &dialing{target: &Target{URL: &url.URL{Host: "a.test"}}, phase: PhaseTLS}
	cause := errors.New("use of closed network connection")
	assert.Equal(t, &DialError{Phase: PhaseTLS, Host: "a.test", Err: cause}, d.failed(t.Context(), nil, cause))
	assert.Equal(t, context.Canceled, d.failed(cancelled, nil, cause).Err)
	assert.Equal(t, os.ErrDeadlineExceeded, d.failed(cancelled, nil, os.ErrDeadlineExceeded).Err)
}

// passedContext has a deadline that has passed, and doesn't know it yet.
type passedContext struct {
	context.Context
	deadline time.Time
}

func (c passedContext) Deadline() (time.Time, bool) { return c.deadline, true }

func TestContextError(t *testing.T) {
	t.Parallel()
	assert.NoError(t, ContextError(t.Context()))
	assert.NoError(t, ContextError(passedContext{t.Context(), time.Now().Add(time.Hour)}))
	assert.Equal(t, context.DeadlineExceeded, ContextError(passedContext{t.Context(), time.Now()}))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, context.Canceled, ContextError(cancelled))
	assert.Equal(t, context.Canceled, ContextError(passedContext{cancelled, time.Now()}))
}
