package gateway_test

import (
	"net/http"
	"testing"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/require"
)

// A browser may ask from anywhere, and may read the answer, also one that refuses.
func TestBrowsersMayUseAppSync(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	for _, path := range []string{"/graphql", "/event"} {
		status, headers, body := s.do(http.MethodOptions, path, "", "Origin", "https://example.com",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-api-key")
		require.Equal(t, http.StatusOK, status)
		require.Empty(t, body)
		require.Equal(t, "*", headers.Get("Access-Control-Allow-Origin"))
		require.Contains(t, headers.Get("Access-Control-Allow-Methods"), "POST")
		require.Equal(t, "content-type,x-api-key", headers.Get("Access-Control-Allow-Headers"))
		status, headers, _ = s.do(http.MethodPost, path, "{}", "Origin", "https://example.com")
		require.Equal(t, http.StatusUnauthorized, status)
		require.Equal(t, "*", headers.Get("Access-Control-Allow-Origin"))
	}
}
