package gateway_test

import (
	"net/http"
	"testing"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// A token that was fetched is let in by each gateway, and one that has expired by none.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{Issuer: "http://here"})
	fetch := func(query string) string {
		status, _, token := s.do(http.MethodGet, "/token"+query, "")
		require.Equal(t, http.StatusOK, status)
		return token
	}
	ask := func(token string) (int, string) {
		status, _, body := s.do(http.MethodPost, "/graphql", `{"query":"{ __typename }"}`, "Authorization", token)
		return status, gjson.Get(body, "errors.0.message").Str
	}
	good, expired := fetch("?sub=me"), fetch("?expires=-1s")

	status, _ := ask(good)
	require.Equal(t, http.StatusOK, status)
	status, message := ask(expired)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "Token has expired.", message)

	require.NoError(t, s.dial("/dev", http.Header{"Authorization": {good}}).Close())
	require.Equal(t, http.StatusForbidden, s.upgrade("/dev?token="+expired))
	require.Equal(t, http.StatusUnauthorized, s.upgrade("/dev"))

	c := s.dial("/graphql", http.Header{"Authorization": {good}}, "graphql-ws")
	c.send(`{"type":"connection_init"}`)
	require.Contains(t, c.receive(), "connection_ack")
	c.send(`{"id":"1","type":"start","payload":{"data":"{}","extensions":{"authorization":{"host":"` + s.host() + `","Authorization":"` + expired + `"}}}}`)
	require.JSONEq(t, `{"type":"ka"}`, c.receive())
	require.JSONEq(t, `{"id":"1","type":"error","payload":{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired.","errorCode":401}]}}`,
		c.receive())
	c = s.dial("/graphql", http.Header{"Authorization": {expired}}, "graphql-ws")
	require.Contains(t, c.receive(), `"Token has expired."`)
}

func TestTokensThatCannotBe(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{Issuer: "http://here"})
	status, _, body := s.do(http.MethodGet, "/token?expires=soon", "")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "expires")
	status, _, _ = start(t, gateway.Config{}).do(http.MethodGet, "/token", "")
	require.NotEqual(t, http.StatusOK, status, "only an issuer has tokens")
}
