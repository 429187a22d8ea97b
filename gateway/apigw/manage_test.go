package apigw

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func (f *fixture) manage(method, id, body string) *httptest.ResponseRecorder {
	f.Helper()
	w := httptest.NewRecorder()
	path := "/dev/@connections/" + url.PathEscape(id)
	f.gateway.ServeHTTP(w, httptest.NewRequestWithContext(f.Context(), method, path, strings.NewReader(body)))
	return w
}

func TestAConnectionIsDescribed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	begin := time.Now().Truncate(time.Millisecond)
	conn, id := f.dial()
	opened := time.Now()
	time.Sleep(5 * time.Millisecond)
	send(t, conn, "work")
	require.Equal(t, "did work", receive(t, conn))
	w := f.manage(http.MethodGet, id, "")
	require.Equal(t, http.StatusOK, w.Code)
	moment := func(name string) time.Time {
		at, err := time.Parse(time.RFC3339, gjson.Get(w.Body.String(), name).Str)
		require.NoError(t, err)
		return at
	}
	require.WithinRange(t, moment("connectedAt"), begin, opened)
	require.WithinRange(t, moment("lastActiveAt"), opened.Add(time.Millisecond), time.Now())
	require.Equal(t, "127.0.0.1", gjson.Get(w.Body.String(), "identity.sourceIp").Str)
	require.Equal(t, "tester/1", gjson.Get(w.Body.String(), "identity.userAgent").Str)
}

// A stamped post is a broadcast to one listener, and no echo.
func TestStampedPosts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	text := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}.String()
	require.Equal(t, http.StatusOK, f.manage(http.MethodPost, id, text).Code)
	require.Equal(t, text, receive(t, conn))
	require.Equal(t, http.StatusOK, f.manage(http.MethodPost, id, "no stamp").Code)
	require.Equal(t, "no stamp", receive(t, conn))
	require.Equal(t, http.StatusGone, f.manage(http.MethodPost, unknownID, text).Code)
	r := f.gateway.Tally.Report()
	require.Equal(t, truth.Totals{Broadcasts: 1, Counts: truth.Counts{Audience: 1, Delivered: 1}}, r.Totals)
	require.Zero(t, r.Echoes)
}

func TestAConnectionIsClosed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	require.Equal(t, http.StatusBadRequest, f.manage(http.MethodDelete, id[1:], "").Code)
	require.Equal(t, http.StatusNoContent, f.manage(http.MethodDelete, id, "").Code)
	_, _, err := conn.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "%v", err)
	require.ErrorContains(t, err, "Connection Closed Normally")
	require.Equal(t, id, <-f.integration.disconnected)
	require.Equal(t, http.StatusGone, f.manage(http.MethodDelete, id, "").Code)
}
