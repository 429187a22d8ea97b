package pushgw

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/lib/types"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// An upgrade carries the client's headers, and the User-Agent that k6 is told, unless the
// client has one of its own.
func TestCallSendsHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ options, k6s, want, own string }{
		{`{}`, "k6-agent", "k6-agent", ""},
		{`{ headers: { 'x-own': 'a', 'user-agent': 'mine' } }`, "k6-agent", "mine", "a"},
		{`{ headers: { 'X-Own': 'b' } }`, "", "Go-http-client/1.1", "b"},
	} {
		var header http.Header
		talk := chat(func(*websocket.Conn, string) {})
		handler := chosen(func(r *http.Request) http.Handler {
			header = r.Header
			return talk
		})
		simulate(t, handler, func(w *world) {
			v := w.vu(func(state *lib.State) {
				if c.k6s != "" {
					state.Options.UserAgent.SetValid(c.k6s)
				}
			})
			v.run(`await new apigw.Client('` + chatURL + `', ` + c.options + `).listen({ connections: 2, duration: '1s' });`)
			require.Equal(w, c.want, header.Get("User-Agent"), c.options)
			require.Equal(w, c.own, header.Get("X-Own"), c.options)
		})
	}
}

// Requests over HTTP carry the same.
func TestCallSendsHeadersWithMutations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ headers, k6s, want string }{
		{`{}`, "Grafana k6/2.2.0", "Grafana k6/2.2.0"},
		{`{ 'USER-agent': 'mine' }`, "Grafana k6/2.2.0", "mine"},
		{`{ 'X-Own': 'a' }`, "", "Go-http-client/1.1"},
	} {
		agents := make(map[string]string)
		handler := chosen(func(r *http.Request) http.Handler {
			agents[r.Method] = r.Header.Get("User-Agent")
			if r.Method == http.MethodGet {
				return http.NotFoundHandler()
			}
			return graphql(func(string) (int, string) { return http.StatusOK, `{"data":{}}` })
		})
		simulate(t, handler, func(w *world) {
			v := w.vu(func(state *lib.State) { state.Options.UserAgent.SetValid(c.k6s) })
			v.run(`
				const client = new appsync.Client('` + graphqlURL + `', {
					auth: { apiKey: 'da2-k' }, mutation: { query: '{{stamp}}' }, headers: ` + c.headers + ` });
				await client.broadcast();
				await caught(() => client.connect());
			`)
			require.Equal(w, map[string]string{http.MethodGet: c.want, http.MethodPost: c.want}, agents, c.headers)
		})
	}
}

// Where connections go and how is the client's and k6's.
func TestCallTarget(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		base := &tls.Config{InsecureSkipVerify: true}
		v := w.vu(func(state *lib.State) {
			state.TLSConfig = base
			state.Options.UserAgent.SetValid("k6")
		})
		target := func(url string, s settings) wire.Target {
			u, err := gatewayURL(v.VU.Runtime().ToValue(url), "", "ws", "wss")
			require.NoError(w, err)
			c := &client{module: v.module, backend: &apiGateway{url: u}, settings: s}
			return c.begin("", identity{}).target()
		}
		plain := target("ws://a:81/dev", settings{header: http.Header{}, timestamps: wire.ReadTime})
		require.Nil(w, plain.TLS)
		require.Equal(w, wire.ReadTime, plain.Timestamps)
		require.Equal(w, "ws://a:81/dev", plain.URL.String())
		secure := target("wss://a:443/dev", settings{header: http.Header{}})
		require.True(w, secure.TLS.InsecureSkipVerify)
		require.Equal(w, "a", secure.TLS.ServerName)
		require.Equal(w, wire.KernelTime, secure.Timestamps)
		require.Empty(w, base.ServerName)
		own := http.Header{"X-Own": {"a"}}
		require.Equal(w, http.Header{"X-Own": {"a"}, "User-Agent": {"k6"}}, target("ws://a", settings{header: own}).Header)
		require.Equal(w, http.Header{"X-Own": {"a"}}, own, "clients and calls share it")
	})
}

// A call knows its VU and its role.
func TestCallBegins(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		call := (&client{module: v.module, backend: &apiGateway{}}).begin("", identity{role: telemetry.RoleListener})
		require.Equal(w, identity{role: "listener", vu: 7}, call.who)
	})
}

// Over a real network bytes are k6's to count, and arrivals the kernel's to date.
func TestCallOverALoopback(t *testing.T) {
	t.Parallel()
	local := gateway.New(gateway.Config{})
	server := httptest.NewServer(local.Handler())
	t.Cleanup(func() {
		local.Close()
		server.Close()
	})
	v := initVU(t, newProcess(), nil)
	v.start(newNetwork(), func(state *lib.State) {
		resolver := netext.NewResolver(net.LookupIP, 0, types.DNSfirst, types.DNSpreferIPv4)
		state.Dialer = netext.NewDialer(net.Dialer{}, resolver)
	})
	require.NoError(t, v.VU.Runtime().Set("stop", v.CancelContext))
	result := v.run(`
		const client = new apigw.Client('` + strings.Replace(server.URL, "http", "ws", 1) + `/dev');
		const listening = client.listen({ connections: 5 });
		await client.ready({ listeners: 5 });
		const { expected, received } = await client.broadcast({ count: 10, settle: '1m' });
		stop();
		await listening;
		return [expected, received];
	`)
	require.Equal(t, []any{int64(50), int64(50)}, result)
	for _, metric := range []string{metrics.DataSentName, metrics.DataReceivedName} {
		require.Greater(t, v.sum(metric, "gateway=apigw", "scenario=tested"), 50.0*30, metric)
	}
	for _, lag := range v.values("pushgw_read_lag") {
		require.GreaterOrEqual(t, lag, 0.0)
	}
	require.Len(t, v.values("pushgw_read_lag"), 50)
}
