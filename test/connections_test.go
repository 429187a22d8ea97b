package e2e

import (
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// TestConnections: what a backend does by @connections, it does with signatures where the
// gateway wants them, and what can't be done fails by the name of AWS's error.
func TestConnections(t *testing.T) {
	t.Parallel()
	const rightKeys = `{"accessKeyId":"AKID","secretAccessKey":"wJalr","region":"eu-west-1"}`
	wrongKeys := func(wrong string) string {
		return `{"auth":{"iam":` + strings.TrimSuffix(rightKeys, "}") + `,` + wrong + `}}}` // the last of two keys counts
	}
	for name, test := range map[string]struct {
		flags []string
		keys  string
		wrong map[string]string // clients' options, and their error
	}{
		"unsigned": {nil, "", nil},
		"signed": {guarded, rightKeys, map[string]string{
			`{}`:                                "GatewayError 403 Forbidden: Missing Authentication Token",
			`{"auth":{"token":"hidden"}}`:       "ConnectError undefined @connections takes nothing but signatures, by IAM credentials",
			wrongKeys(`"accessKeyId":"hidden"`): "GatewayError 403 Forbidden: The security token included in the request is invalid.",
			wrongKeys(`"secretAccessKey":"hidden","sessionToken":"hidden/too="`): "GatewayError 403 Forbidden: The request signature we calculated does not match",
			wrongKeys(`"region":"us-east-1"`):                                    "GatewayError 403 Forbidden: Credential should be scoped to a valid region",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var options, errors []string
			for option, message := range test.wrong {
				options, errors = append(options, option), append(errors, message)
			}
			g := serve(t, test.flags...)
			o := k6(t, "scripts/connections.js", g.env("KEYS="+test.keys, "WRONG=["+strings.Join(options, ",")+"]",
				"ELSEWHERE=http://"+g.address+"/other")...)
			require.Zero(t, o.exit)
			said := o.said(t, 1)[0]
			requireRequests(t, said)
			for i, got := range said.Get("wrong").Array() {
				require.Contains(t, got.Str, errors[i/3])
			}
			require.Len(t, said.Get("wrong").Array(), 3*len(errors))
			require.NotContains(t, o.stderr, "hidden")
			requireInNoTag(t, o, "hidden")
			forbidden := 0
			for _, message := range errors {
				if strings.HasPrefix(message, "GatewayError") {
					forbidden += 3
				}
			}
			o.requireCounts(t, map[string]int{
				"pushgw_errors error=Gone": 3, "pushgw_errors error=BadRequest": 1, "pushgw_errors error=PayloadTooLarge": 1,
				"pushgw_errors error=Forbidden": 1 + forbidden, "pushgw_errors": 6 + forbidden, "http_reqs": 9 + forbidden,
				"http_reqs status=200": 2, "http_reqs status=204": 1, "pushgw_closed code=1000 by=gateway": 1,
			})
			stats := g.stats(t).APIGateway
			require.Zero(t, stats.Totals.Broadcasts+stats.Totals.Unstamped, "what has no stamp is no broadcast")
		})
	}
}

// requireRequests looks at what scripts/connections.js says of one connection.
func requireRequests(t *testing.T, said gjson.Result) {
	t.Helper()
	for what, want := range map[string]string{
		"long.error":      "GatewayError 413 PayloadTooLarge: Message too long",
		"malformed.error": "GatewayError 400 BadRequest: Invalid connectionId: nonsense",
		"elsewhere.error": "GatewayError 403 Forbidden: Forbidden",
		"data":            "hellö",
		"gone.0.error":    "GatewayError 410 Gone: status 410 Gone",
		"gone.1.error":    "GatewayError 410 Gone: status 410 Gone",
		"gone.2.error":    "GatewayError 410 Gone: status 410 Gone",
		"close.reason":    "Connection Closed Normally",
	} {
		require.Equal(t, want, said.Get(what).Str, what)
	}
	require.Equal(t, "{}", said.Get("post").Raw)
	require.Equal(t, "{}", said.Get("delete").Raw)
	require.EqualValues(t, 1000, said.Get("close.code").Int())
	require.Equal(t, "127.0.0.1", said.Get("get.returned.identity.sourceIp").Str)
	require.False(t, said.Get("get.returned.connectedAt").Time().IsZero())
}

// TestPostsToAClientThatDoesNotRead: once too much waits for it, they are refused.
func TestPostsToAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	g := serve(t)
	o := k6(t, written(t, `
		const client = new apigw.Client(__ENV.APIGW_URL);
		export default async function () {
			for (let posted = 0; posted < 1000; posted++) {
				try {
					await client.post(__ENV.ID, 'x'.repeat(128 * 1024));
				} catch ({ name, code, message }) {
					console.log(JSON.stringify({ posted, name, code, message }));
					return;
				}
			}
		}`), g.env("ID="+silentConnection(t, g))...)
	said := o.said(t, 1)[0]
	require.JSONEq(t, `{"name":"GatewayError","code":429,"message":"LimitExceeded: Too Many Requests"}`,
		gjson.Get(said.Raw, `{name,code,message}`).Raw)
	require.Positive(t, said.Get("posted").Int())
	o.requireCounts(t, map[string]int{"pushgw_errors": 1, "pushgw_errors error=LimitExceeded": 1, "http_reqs status=429": 1})
}

// silentConnection returns the id of a connection whose client doesn't read any more.
func silentConnection(t *testing.T, g *server) string {
	t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}
	conn, response, err := dialer.DialContext(t.Context(), g.apigw(), nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	var reply []byte
	for _, text := range []string{"Me", "/whoami"} {
		require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(text)))
		_, reply, err = conn.ReadMessage()
		require.NoError(t, err)
	}
	return string(reply)
}
