package pushgw

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
)

func TestAppSyncBroadcasts(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(20*time.Millisecond), func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = ` + appSyncClient + `;
			const listening = client.listen({ connections: 3, duration: '20m' });
			const ready = await client.ready({ listeners: 3, canary: true });
			const result = await client.broadcast({ count: 2 });
			const listened = await listening;
			return [JSON.stringify(ready), result.sent, result.expected, result.received, result.first, result.last, listened.received];
		`)
		require.Equal(w, []any{
			`{"ready":3,"deaf":0,"failed":0}`, int64(2), int64(6), int64(6), int64(20), int64(20), int64(6),
		}, result)
		listener := []string{"gateway=appsync", "role=listener", "origin=local"}
		require.Equal(w, []float64{20, 20, 20, 20, 20, 20}, v.values("ws_resp_delay", listener...))
		require.InDelta(w, 3, v.sum("subscribed_success_counter", "gateway=appsync", "role=listener"), 0)
		require.Equal(w, []float64{0}, v.values("pushgw_deaf"))
		require.Len(w, v.values("http_reqs", "status=200", "method=POST"), 3, "a canary and two broadcasts")
		require.NotContains(w, v.values("ResponseSuccessRate"), 0.0)
		require.Empty(w, v.values("ws_ping"))
	})
}

// Credentials go where the client is told, for the host that is told.
func TestAppSyncPresentsItsKey(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		``:           "/graphql/realtime||graphql-ws, header-eyJob3N0IjoiZ2F0ZXdheS50ZXN0IiwieC1hcGkta2V5IjoiayJ9|gateway.test",
		`host: 'h',`: "/graphql/realtime||graphql-ws, header-eyJob3N0IjoiaCIsIngtYXBpLWtleSI6ImsifQ|h",
		`credentials: 'query',`: "/graphql/realtime|header=eyJob3N0IjoiZ2F0ZXdheS50ZXN0IiwieC1hcGkta2V5IjoiayJ9&payload=e30%3D|" +
			"graphql-ws|gateway.test",
		`realtimeUrl: 'ws://other/elsewhere',`: "/elsewhere||graphql-ws, header-eyJob3N0IjoiZ2F0ZXdheS50ZXN0IiwieC1hcGkta2V5IjoiayJ9|gateway.test",
	} {
		var got, host string
		upgrade := sockets(func(socket *websocket.Conn, text string) {
			switch gjson.Get(text, "type").String() {
			case "connection_init":
				reply(socket, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
			case "start":
				host = gjson.Get(text, "payload.extensions.authorization.host").String()
				reply(socket, `{"type":"start_ack","id":"1"}`)
			}
		})
		simulate(t, chosen(func(r *http.Request) http.Handler {
			got = r.URL.Path + "|" + r.URL.RawQuery + "|" + r.Header.Get("Sec-WebSocket-Protocol")
			return upgrade
		}), func(w *world) {
			w.vu().run(`await new appsync.Client('` + graphqlURL + `', { ` + options + `
				auth: { apiKey: 'k' }, subscription: { query: 's' } }).listen({ duration: '1s' })`)
			require.Equal(w, want, got+"|"+host, options)
		})
	}
}

// The gateway's own promise of keep-alives is held against it.
func TestAppSyncNoticesSilence(t *testing.T) {
	t.Parallel()
	config := gateway.Config{}
	config.Faults.StopKeepAlive = true
	simulateGateway(t, config, func(w *world) {
		v := w.vu()
		result := v.run(`return JSON.stringify(await ` + appSyncClient + `.listen({ duration: '10m' }));`)
		require.Equal(w, `{"opened":1,"ready":1,"failed":0,"unfinished":0,"received":0,"closed":0}`, result)
		require.InDelta(w, 1, v.sum("pushgw_errors", "error=Silence"), 0)
		require.NotContains(w, v.values("ResponseSuccessRate"), 0.0)
		require.InDelta(w, 301_000, v.values("ws_session_duration")[0], 1000)
	})
}

// failing are credentials that can't be had for requests whose URL has this suffix.
type failing struct{ suffix string }

func (f failing) Authorize(_ context.Context, r credentials.Request) ([]credentials.Field, error) {
	if strings.HasSuffix(r.URL.Path, f.suffix) {
		return nil, errors.New("no token")
	}
	return []credentials.Field{{Name: "x-api-key", Value: "da2-k"}}, nil
}

func (failing) Constant() bool { return false }

// A connection whose credentials can't be had, be it for the upgrade or for the start
// frame, has failed before it is dialled. So has a request.
func TestAppSyncWithoutCredentials(t *testing.T) {
	t.Parallel()
	for suffix, broadcast := range map[string][]any{
		"/connect": {"returned", nil},
		"/graphql": {"PublishError", "no token"},
	} {
		answer := graphql(func(string) (int, string) { return http.StatusOK, `{"data":{}}` })
		simulate(t, answer, func(w *world) {
			v := w.vu()
			url := v.VU.Runtime().ToValue(graphqlURL)
			u, err := gatewayURL(url, "", "http")
			require.NoError(w, err)
			o := given(w.T, `{ auth: { apiKey: 'k' }, subscription: { query: 's' }, mutation: { query: '{{stamp}}' } }`)
			c, g := v.module.readAppSync(u, o)
			g.realtime.auth.Credentials = failing{suffix}
			g.realtime.share(true, g.startFrames)
			require.NoError(w, o.done())
			require.NoError(w, v.VU.Runtime().Set("client", c.define(v.VU.Runtime().NewObject(), appSyncMethods, nil)))
			result := v.run(`
				const listened = await client.listen({ connections: 3, duration: '1m' });
				const { name, message, returned } = await caught(() => client.broadcast());
				return [listened.failed, listened.opened, returned ? 'returned' : name, message];
			`)
			require.Equal(w, append([]any{int64(3), int64(3)}, broadcast...), result)
			require.InDelta(w, 3, v.sum("pushgw_connect_failed", "phase=credentials", "status=0", "role=listener"), 0)
			require.Equal(w, []float64{0, 0, 0}, v.values("ResponseSuccessRate", "role=listener"))
		})
	}
}

// Constant credentials are made once for all connections, others for each.
func TestPerConnection(t *testing.T) {
	t.Parallel()
	made := 0
	authorize := func(context.Context, *credentials.AppSync) (int, error) { made++; return made, nil }
	once := perConnection(&credentials.AppSync{Credentials: credentials.APIKey("k")}, authorize)
	each := perConnection(&credentials.AppSync{Credentials: failing{}}, authorize)
	for range 3 {
		value, err := once(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 1, value)
	}
	for i := range 3 {
		value, err := each(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, i+2, value)
	}
}
