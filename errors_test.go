package pushgw

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

func TestErrorsHaveNamesAndCodes(t *testing.T) {
	t.Parallel()
	refused := &dialect.Error{Name: "Unauthorized", Code: 401, Message: "No"}
	for _, c := range []struct {
		err     error
		name    string
		code    any
		message string
	}{
		{
			&wire.DialError{Phase: wire.PhaseUpgrade, Status: 429, Host: "a"}, "ConnectError", int64(429),
			"a refused the WebSocket upgrade with status 429 Too Many Requests",
		},
		{
			&wire.DialError{Phase: wire.PhaseCredentials, Host: "a", Err: errors.New("no token")}, "ConnectError", nil,
			"a was not dialled (credentials): no token",
		},
		{
			&wire.DialError{Phase: wire.PhaseTCP, Host: "a", Err: scriptErrorf(nameClosedError, "gone")}, "ConnectError", nil,
			"connecting to a failed (tcp): gone",
		},
		{
			&wire.DialError{Phase: wire.PhaseHandshake, Host: "a", Err: refused}, "HandshakeError", int64(401),
			"connecting to a failed (handshake): Unauthorized: No",
		},
		{
			&wire.DialError{Phase: wire.PhaseHandshake, Host: "a", Err: errors.New("late")}, "HandshakeError", nil,
			"connecting to a failed (handshake): late",
		},
		{refused, "GatewayError", int64(401), "Unauthorized: No"},
		{fmt.Errorf("more: %w", refused), "GatewayError", int64(401), "more: Unauthorized: No"},
		{&scriptError{name: "PublishError", code: 7, err: refused}, "PublishError", int64(7), "Unauthorized: No"},
		{scriptErrorf(nameTimeoutError, "after %d", 5), "TimeoutError", nil, "after 5"},
		{context.DeadlineExceeded, "TimeoutError", nil, "context deadline exceeded"},
		{fmt.Errorf("at: %w", context.Canceled), "ClosedError", nil, "the iteration was stopped"},
		{errors.New("else"), "InternalError", nil, "else"},
	} {
		rt := sobek.New()
		require.NoError(t, rt.Set("e", toError(rt, c.err)))
		value, err := rt.RunString(`[e instanceof Error, e.name, e.code, e.message, typeof e.stack, 'code' in e]`)
		require.NoError(t, err)
		require.Equal(t, []any{true, c.name, c.code, c.message, "string", c.code != nil}, value.Export())
	}
}
