package appsync

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// upgrade returns the answer to a request for an upgrade that can't be upgraded,
// because there is no connection behind it.
func (f *fixture) upgrade() *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(f.Context(), http.MethodGet, "/graphql", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	f.gateway.ServeHTTP(w, r)
	return w
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	for status, row := range map[int][2]string{
		http.StatusForbidden:           {"AccessDeniedException", "Forbidden"},
		http.StatusTooManyRequests:     {"TooManyRequestsException", "Rate exceeded"},
		http.StatusInternalServerError: {"InternalFailure", "Internal Failure"},
		http.StatusBadGateway:          {"InternalFailure", "Internal Failure"},
	} {
		f.fault(fmt.Sprintf(`{"refuse": "%d:1"}`, status))
		w := f.upgrade()
		require.Equal(t, status, w.Code)
		require.Equal(t, row[0], w.Header().Get("x-amzn-ErrorType"))
		require.JSONEq(t, fmt.Sprintf(`{"errors":[{"errorType":%q,"message":%q}]}`, row[0], row[1]), w.Body.String())
	}
	require.EqualValues(t, 4, f.gateway.Hub.Counters.Refused.Load())
}

func TestAFailedUpgrade(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	w := f.upgrade()
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "BadRequestException", gjson.Get(w.Body.String(), "errors.0.errorType").Str)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
	require.Zero(t, f.gateway.Hub.Counters.Accepted.Load())
}

// A client that got a connection_error may send, and gets no answer.
func TestAfterAConnectionError(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}}
	conn, answer, err := dialer.DialContext(t.Context(), "ws://"+f.host(), nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init"}`)) // it may be closed already
	require.JSONEq(t, `{"type":"connection_error","payload":{"errors":[{"message":"Required headers are missing.","errorCode":400}]}}`,
		receive(t, conn))
	requireClose(t, conn, websocket.CloseNormalClosure)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Errors.Load())
	require.EqualValues(t, 1, f.gateway.Hub.Counters.FramesOut.Load())
	require.Zero(t, f.gateway.Hub.Counters.Accepted.Load())
}
