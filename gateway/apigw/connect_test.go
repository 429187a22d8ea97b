package apigw

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARefusingIntegration(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.integration.refuse = errors.New("no")
	_, status, body := f.upgrade()
	require.Equal(t, http.StatusBadGateway, status)
	require.JSONEq(t, `{"message":"Internal server error"}`, body)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
	require.Zero(t, f.gateway.Hub.Counters.Accepted.Load())
	require.Empty(t, f.gateway.Hub.Conns())
	require.Equal(t, []string{"connect"}, f.integration.logged(), "what was refused doesn't disconnect")
}

// A fault refuses before the integration is called.
func TestRefusalsHaveAMessage(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	for status, message := range map[int]string{
		http.StatusForbidden: "Forbidden", http.StatusTooManyRequests: "Too Many Requests",
		http.StatusInternalServerError: "Internal server error", http.StatusBadGateway: "Internal server error",
	} {
		f.fault(fmt.Sprintf(`{"refuse": "%d:1"}`, status))
		_, got, body := f.upgrade()
		require.Equal(t, status, got)
		require.JSONEq(t, `{"message":"`+message+`"}`, body)
	}
	require.EqualValues(t, 4, f.gateway.Hub.Counters.Refused.Load())
	require.Zero(t, f.gateway.Hub.Counters.Accepted.Load())
	require.Empty(t, f.integration.logged())
}

// An upgrade that fails after $connect is followed by $disconnect.
func TestAFailedUpgrade(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dev", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket") // but there is no Sec-WebSocket-Key
	f.gateway.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.JSONEq(t, `{"message":"Bad Request"}`, w.Body.String())
	require.Equal(t, []string{"connect", "disconnect"}, f.integration.logged())
	require.Equal(t, f.integration.id(), <-f.integration.disconnected)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
	require.Zero(t, f.gateway.Hub.Counters.Accepted.Load())
}

func TestAnUpgradeAfterClose(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.gateway.Close()
	_, status, _ := f.upgrade()
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, []string{"connect", "disconnect"}, f.integration.logged())
}

func TestIdleConnectionsAreClosedBeforeTheirLifetime(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Idle: 10 * time.Millisecond, Lifetime: time.Hour})
	_, status, _ := f.upgrade()
	require.Equal(t, http.StatusSwitchingProtocols, status)
	require.Equal(t, f.integration.id(), <-f.integration.disconnected)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Accepted.Load())
	require.Zero(t, f.gateway.Hub.Counters.Refused.Load())
}
