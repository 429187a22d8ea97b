package e2e

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	apiKey       = `"auth": {"apiKey": "da2-localpushgatewayapikey0001"}`
	wrongKey     = `"auth": {"apiKey": "da2-wrong"}`
	subscription = `"subscription": {"query": "subscription { onCreateRoom { id title } }"}`
	mutation     = `"mutation": {"query": "mutation { createRoom(input: {title: \"{{stamp}}\"}) { id title } }"}`
)

// TestConnectFailures: wherever no connection comes about there is one clear error
// that says why, it is counted in the phase where it happened, and the VU goes on.
func TestConnectFailures(t *testing.T) {
	t.Parallel()
	plain, refusing, secure := serve(t), serve(t, "--refuse", "403:1"), serve(t, "--tls")
	tests := []struct {
		name, dialect, url, options string
		error, message              string
		code                        int64
		phase                       string
	}{
		{
			name: "unreachable", dialect: "apigw", url: "ws://127.0.0.1:1/dev",
			error: "ConnectError", message: "127.0.0.1:1", phase: "tcp",
		},
		{
			name: "unreachable", dialect: "appsync", url: "http://127.0.0.1:1/graphql",
			options: "{" + apiKey + "," + subscription + "}",
			error:   "ConnectError", message: "127.0.0.1:1", phase: "tcp",
		},
		{
			name: "no such host", dialect: "apigw", url: "ws://nowhere.invalid/dev",
			error: "ConnectError", message: "nowhere.invalid", phase: "dns",
		},
		{
			name: "mute", dialect: "apigw", url: "ws://" + mute(t) + "/dev", options: `{"timeout": "500ms"}`,
			error: "ConnectError", message: "(upgrade)", phase: "upgrade",
		},
		{
			name: "no TLS there", dialect: "apigw", url: "wss://" + plain.address + "/dev",
			error: "ConnectError", message: "TLS handshake", phase: "tls",
		},
		{
			name: "unknown certificate", dialect: "apigw", url: secure.apigw(),
			error: "ConnectError", message: "certificate", phase: "tls",
		},
		{
			name: "refused", dialect: "apigw", url: refusing.apigw(),
			error: "ConnectError", message: "refused the WebSocket upgrade of /dev with status 403 Forbidden", code: 403, phase: "upgrade",
		},
		{
			name: "refused", dialect: "appsync", url: refusing.appsync(),
			options: "{" + apiKey + "," + subscription + "}",
			error:   "ConnectError", message: "refused the WebSocket upgrade of /graphql/realtime with status 403 Forbidden", code: 403, phase: "upgrade",
		},
		{
			name: "no answer to a step", dialect: "apigw", url: plain.apigw(),
			options: `{"timeout": "3s", "handshake": [{"send": "Ann", "expect": "Never said"}]}`,
			error:   "HandshakeError", message: "did not finish the handshake in time", phase: "handshake",
		},
		{
			name: "wrong API key", dialect: "appsync", url: plain.appsync(),
			options: "{" + wrongKey + "," + subscription + "}",
			error:   "HandshakeError", message: "Unauthorized", code: 401, phase: "handshake",
		},
		{
			name: "wrong API key in the query", dialect: "appsync", url: plain.appsync(),
			options: `{"credentials": "query", ` + wrongKey + "," + subscription + "}",
			error:   "HandshakeError", message: "Unauthorized", code: 401, phase: "handshake",
		},
	}
	for _, test := range tests {
		t.Run(test.dialect+" "+test.name, func(t *testing.T) {
			t.Parallel()
			o := k6(t, "scripts/failures.js", env("DIALECT", test.dialect), env("URL", test.url), env("OPTIONS", test.options))
			require.Zero(t, o.exit)
			said := o.said(t, 3)

			listened := said[0].Get("result")
			require.EqualValues(t, 0, listened.Get("ready").Int())
			require.EqualValues(t, 3, listened.Get("failed").Int(), "of 3")
			failed := containing(o.log, "a connection failed")
			require.Len(t, failed, 1, "one of the 3 failures is logged")
			require.Contains(t, failed[0], test.message)

			connected := said[1]
			require.True(t, connected.Get("error").Bool(), "it must be an Error")
			require.Equal(t, test.error, connected.Get("name").Str)
			require.Contains(t, connected.Get("message").Str, test.message)
			require.Equal(t, test.code, connected.Get("code").Int())

			failures := 4
			if test.dialect == "apigw" { // where broadcast() connects too
				failures = 5
				require.Equal(t, test.error, said[2].Get("name").Str)
			}
			require.Equal(t, failures, o.count("pushgw_connect_failed", "phase="+test.phase, env("status", status(test.error, test.code))))
			require.Equal(t, failures, o.count("pushgw_connect_failed"))
			if test.phase != "handshake" {
				require.Zero(t, o.count("ws_sessions"), "what failed is no session")
				require.Zero(t, o.observed("ws_connecting"))
			}
		})
	}
}

// status returns that of the upgrade, which the gateway's own code is not.
func status(name string, code int64) int64 {
	if name == "ConnectError" {
		return code
	}
	return 0
}

// mute is the address of a server that accepts connections and says nothing.
func mute(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	return listener.Addr().String()
}

// TestPublishFailures: what could not be published is an error, and no delivery of it is missed.
func TestPublishFailures(t *testing.T) {
	t.Parallel()
	g := serve(t)
	tests := []struct {
		name, url, options, message string
		code                        int64
	}{
		{"unreachable", "http://127.0.0.1:1/graphql", "{" + apiKey + "," + mutation + "}", "connection refused", 0},
		{"wrong API key", g.appsync(), "{" + wrongKey + "," + mutation + "}", "Unauthorized", 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := k6(t, "scripts/failures.js", "DIALECT=appsync", env("URL", test.url), env("OPTIONS", test.options))
			require.Zero(t, o.exit)
			published := o.said(t, 3)[2]
			require.Equal(t, "PublishError", published.Get("name").Str)
			require.Contains(t, published.Get("message").Str, test.message)
			require.Equal(t, test.code, published.Get("code").Int())
			require.Zero(t, o.count("pushgw_lost"))
			require.Contains(t, o.values("ResponseSuccessRate"), 0.0)
			require.Equal(t, 1, o.count("http_req_failed"))
		})
	}
}
