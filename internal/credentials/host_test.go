package credentials

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

func TestWithoutDefaultPort(t *testing.T) {
	t.Parallel()
	for given, want := range map[[2]string]string{
		{"https", "h:443"}: "h", {"wss", "h:443"}: "h", {"http", "h:80"}: "h", {"ws", "h:80"}: "h",
		{"https", "h:80"}: "h:80", {"ws", "h:443"}: "h:443", {"https", "h:8443"}: "h:8443", {"https", "h"}: "h",
		{"wss", "[2001:db8::443]"}: "[2001:db8::443]", {"wss", "[::1]:443"}: "[::1]", {"", "h:443"}: "h:443",
	} {
		assert.Equal(t, want, WithoutDefaultPort(given[1], given[0]), given)
	}
}

// A header Host of the script's is sent as it is signed.
func TestTheHostIsSentAsItIsSigned(t *testing.T) {
	t.Parallel()
	for _, inQuery := range []bool{false, true} {
		a := &APIGateway{Credentials: exampleIAM(ServiceAPIGateway, ""), InQuery: inQuery}
		given := http.Header{"Host": {"abc:443"}}
		u, header, err := a.Connection(t.Context(), 0, parseURL(t, "wss://proxy/dev"), given)
		require.NoError(t, err)
		assert.Equal(t, "abc", header.Get("Host"))
		assert.Equal(t, "abc:443", given.Get("Host"), "the argument is left alone")
		r := &http.Request{Method: http.MethodGet, Host: "abc", URL: u, Header: header.Clone()}
		r.Header.Del("Host")
		require.NoError(t, exampleKeys.Verify("execute-api", sigv4.FromHTTP(r, nil), exampleTime))
	}
}
