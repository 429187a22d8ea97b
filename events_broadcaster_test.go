package pushgw

import (
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// Each event is a broadcast: in the ledger, in the metrics and in the rate, however many
// are published in one request.
func TestEventsBroadcasts(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]struct{ requests, frames int }{
		`{ count: 7, rate: 10 }`:                                             {7, 0},
		`{ count: 7, rate: 10, batch: 3 }`:                                   {3, 0},
		`{ count: 7, rate: 10, publish: 'socket' }`:                          {0, 1 + 7},
		`{ count: 7, rate: 10, publish: 'socket', batch: 5 }`:                {0, 1 + 2},
		`{ count: 7, batch: 5, event: '{{stamp}}' }`:                         {2, 0},
		`{ count: 7, rate: 10, event: [1, { a: '<{{stamp}}>' }], batch: 1 }`: {7, 0},
	} {
		simulateGateway(t, delayed(20*time.Millisecond), func(w *world) {
			v := w.vu()
			result := v.run(`
				const client = ` + eventsClient + `;
				const listening = client.listen({ connections: 3, duration: '1m' });
				await client.ready({ listeners: 3 });
				const result = await client.broadcast(` + options + `);
				const listened = await listening;
				return [JSON.stringify(result), listened.received];
			`)
			require.Equal(w, []any{
				`{"planned":7,"sent":7,"unsent":0,"expected":21,"received":21,"lost":0,"missed":0,"late":0,"duplicated":0,"reordered":0,` +
					`"indeterminate":0,"first":20,"p50":20,"p99":20,"last":20}`, int64(21),
			}, result, options)
			listener := []string{"gateway=events", "role=listener"}
			require.Equal(w, slices.Repeat([]float64{20}, 21), v.values("ws_resp_delay", append(listener, "origin=local")...))
			require.InDelta(w, 21, v.sum("msg_received_counter", listener...), 0)
			require.InDelta(w, 3, v.sum("subscribed_success_counter", listener...), 0)
			require.InDelta(w, 3, v.sum("ws_sessions", listener...), 0)
			require.Len(w, v.values("http_reqs", "status=200", "method=POST"), want.requests, options)
			require.InDelta(w, want.frames, v.sum("ws_msgs_sent", "role=host"), 0, options)
			good := 7
			if want.frames > 0 {
				good += 2 // the upgrade, and the acknowledgement of the connection
			}
			require.Equal(w, slices.Repeat([]float64{1}, good), v.values("ResponseSuccessRate", "role=host"), options)
			require.Empty(w, v.logged(logrus.WarnLevel))
		})
	}
}

func TestEventsCanaries(t *testing.T) {
	t.Parallel()
	config := delayed(20 * time.Millisecond)
	require.NoError(t, config.Faults.Deaf.UnmarshalText([]byte("2500ms")))
	simulateGateway(t, config, func(w *world) {
		result := w.vu().run(`
			const client = ` + eventsClient + `;
			const listening = client.listen({ connections: 3, duration: '1m' });
			const ready = await client.ready({ listeners: 3, canary: true });
			const { received } = await client.broadcast();
			await listening;
			return [JSON.stringify(ready), received];
		`)
		require.Equal(w, []any{`{"ready":3,"deaf":0,"failed":0}`, int64(3)}, result)
	})
}

// An event that AppSync says has failed is unsent, and named.
func TestEventsThatFail(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"http", "socket"} {
		config := gateway.Config{}
		require.NoError(t, config.Faults.FailEvent.UnmarshalText([]byte("1/4")))
		simulateGateway(t, config, func(w *world) {
			v := w.vu()
			result := v.run(`
				const client = ` + eventsClient + `;
				const listening = client.listen({ connections: 3, duration: '1m' });
				await client.ready({ listeners: 3 });
				const { sent, unsent, expected, received, lost } = await client.broadcast({ count: 10, rate: 100, batch: 5, publish: '` + how + `' });
				await listening;
				return [sent, unsent, expected, received, lost];
			`)
			require.Equal(w, []any{int64(8), int64(2), int64(24), int64(24), int64(0)}, result)
			require.InDelta(w, 2, v.sum("pushgw_unsent"), 0)
			require.InDelta(w, 2, v.sum("pushgw_errors", "error=FailedEvent"), 0)
			bad := 0
			for _, value := range v.values("ResponseSuccessRate", "role=host") {
				if value == 0 {
					bad++
				}
			}
			require.Equal(w, 2, bad, how)
		})
	}
}

// AppSync takes 25 requests a second on one connection; what is beyond that fails, and the
// series goes on.
func TestEventsBeyondTheRateOfAConnection(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{PublishRate: 10}, func(w *world) {
		v := w.vu()
		result := v.run(`
			const { planned, sent, unsent } = await ` + eventsClient + `.broadcast({ count: 100, rate: 50, publish: 'socket' });
			return [planned, sent + unsent, sent < 40, sent > 20];
		`)
		require.Equal(w, []any{int64(100), int64(100), true, true}, result)
		require.InDelta(w, v.sum("pushgw_unsent"), v.sum("pushgw_errors", "error=LimitExceeded"), 0)
	})
}

// What is refused for good ends a series, over HTTP and over a connection.
func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	for how, name := range map[string]string{"http": "Unauthorized", "socket": "ResourceNotFound"} {
		simulateGateway(t, gateway.Config{}, func(w *world) {
			v := w.vu()
			f := v.fails(`await ` + eventsClient + `.broadcast({ count: 100, rate: 10, channel: 'elsewhere/a', publish: '` + how + `' })`)
			require.Equal(w, namePublishError, f.name)
			require.Contains(w, f.message, name)
			require.InDelta(w, 100, v.sum("pushgw_unsent"), 0)
			require.InDelta(w, 1, v.sum("pushgw_errors", "error="+name), 0)
		})
	}
}

// A connection that is cut while events are published over it ends the series.
func TestEventsWhoseConnectionIsCut(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, text string) {
		switch gjson.Get(text, "type").String() {
		case "connection_init":
			reply(socket, `{"type":"connection_ack"}`)
		case "publish":
			if id := gjson.Get(text, "id").String(); id != "3" {
				reply(socket, `{"type":"publish_success","id":"`+id+`","successful":[],"failed":[]}`)
				return
			}
			_ = socket.Close()
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const { sent, unsent } = await ` + eventsClient + `.broadcast({ count: 10, rate: 10, publish: 'socket' });
			return [sent, unsent];
		`)
		require.Equal(w, []any{int64(2), int64(8)}, result)
	})
}

// An answer that never comes is an error, and holds up nothing else.
func TestEventsWithoutAnswer(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, text string) {
		if gjson.Get(text, "type").String() == "connection_init" {
			reply(socket, `{"type":"connection_ack"}`)
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		f := v.fails(`await new events.Client('` + eventURL + `', { auth: { apiKey: 'k' }, channel: 'default/a', timeout: '3s' })` +
			`.broadcast({ count: 4, rate: 10, publish: 'socket' })`)
		require.Equal(w, namePublishError, f.name)
		require.Contains(w, f.message, "the gateway did not answer within 3s")
		require.InDelta(w, 4, v.sum("pushgw_unsent"), 0)
	})
}
