package pushgw

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/gateway"
)

const eventURL = "http://gateway.test/event"

// eventsClient makes a client that subscribes and publishes.
const eventsClient = `new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: 'default/rooms/Room1' })`

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

func TestEventsListensToAWildcard(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(`
			const client = new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: '/default/*' });
			const failure = await caught(() => client.broadcast());
			const canary = await caught(() => client.ready({ listeners: 1, canary: true }));
			return [failure.name, failure.message, canary.message];
		`)
		require.Equal(w, []any{
			"UsageError", `broadcast() can't publish to "default/*", which a wildcard ends: it needs an option "channel" of its own`,
			`ready() with canary can't publish to "default/*", which a wildcard ends: say a channel that it covers, as in ` +
				`ready({ listeners, canary: true, channel: 'default/canary', audience: 'default/*' }); without that audience, the listeners of the client's other channels ` +
				`are waited for, too`,
		}, result)
	})
}

// Whoever hears a channel by a wildcard is the audience of what is published to it.
func TestEventsBroadcastsToAWildcard(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(`
			const client = new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: '/default/rooms/*' });
			const listening = client.listen({ connections: 3, duration: '1m' });
			const ready = await client.ready({ listeners: 3, canary: true, channel: 'default/rooms/probe' });
			const own = await client.broadcast({ count: 2, channel: '/default/rooms/Room1/' });
			const other = await client.broadcast({ count: 2, channel: 'default/halls/Room1' });
			const { received } = await listening;
			return [ready.ready, own.expected, own.received, other.expected, other.received, received];
		`)
		require.Equal(w, []any{int64(3), int64(6), int64(6), int64(0), int64(0), int64(6)}, result)
	})
}

// Each of several channels on one connection has an audience of its own.
func TestEventsListensToSeveralChannels(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new events.Client('` + eventURL + `', {
				auth: { apiKey: '` + gateway.APIKey + `' }, channel: ['default/a', 'default/b', 'default/rooms/*'],
			});
			const one = new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: 'default/a' });
			const listening = [client.listen({ connections: 3, duration: '1m' }), one.listen({ connections: 2, duration: '1m' })];
			await client.ready({ listeners: 3 });
			await one.ready({ listeners: 2 });
			const results = [
				await client.broadcast({ channel: 'default/a', count: 3 }), await client.broadcast({ audience: 'default/b' }),
				await client.broadcast({ channel: 'default/rooms/1' }), await one.broadcast(),
			];
			const unreached = new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: ['default/c', 'default/halls/*'] });
			listening.push(unreached.listen({ duration: '1m' }));
			const failures = [
				await caught(() => client.broadcast()), await caught(() => unreached.ready({ listeners: 1, canary: true })),
			];
			const listened = await Promise.all(listening);
			return [results.map(r => [r.expected, r.received].join("/")).join(), listened.map(l => l.received).join(), failures.map(f => f.message).join(';')];
		`)
		require.Equal(w, []any{
			"15/15,3/3,3/3,5/5", "18,8,0",
			`broadcast(): option "audience" is missing: the client's listeners are not all of one audience;` +
				`ready() with canary can't publish to "default/halls/*", which a wildcard ends: say a channel that it covers, as in ` +
				`ready({ listeners, canary: true, channel: 'default/halls/canary', audience: 'default/halls/*' }); without that audience, the listeners of the client's other channels ` +
				`are waited for, too`,
		}, result)
		require.InDelta(w, 3*3+2+2, v.sum("subscribed_success_counter", "role=listener"), 0)
		require.Zero(w, v.sum("pushgw_errors", "error=StrayDelivery"))
	})
}

// Canaries go to each channel, and for a wildcard to the one that the script says.
func TestEventsCanariesOfSeveralChannels(t *testing.T) {
	t.Parallel()
	client := `new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: `
	for call, want := range map[string]string{
		`['default/a', 'default/u{{index}}'] }); const options = {}`:                                                       `{"ready":3,"deaf":0,"failed":0}`,
		`['default/u{{index}}', 'default/rooms/*'] }); const options = { channel: 'default/rooms/x' }`:                     `{"ready":3,"deaf":0,"failed":0}`,
		`['default/a', 'default/rooms/*'] }); const options = { channel: 'default/rooms/x', audience: 'default/rooms/*' }`: `{"ready":3,"deaf":0,"failed":0}`,
		`['default/a', 'default/rooms/*'] }); const options = { audience: 'default/a' }`:                                   `{"ready":3,"deaf":0,"failed":0}`,
		`['default/a', () => 'default/rooms/*'] }); const options = {}`:                                                    "",
		`['default/a', 'default/rooms/*'] }); const options = { channel: 'default/halls/x' }`:                              "",
	} {
		simulateGateway(t, gateway.Config{}, func(w *world) {
			v := w.vu()
			result := v.run(`const client = ` + client + call + `;
				const listening = client.listen({ connections: 3, duration: '20s' });
				const { returned, message } = await caught(() => client.ready({ listeners: 3, canary: true, timeout: '10s', ...options }));
				await listening;
				return returned ? JSON.stringify(returned) : message;
			`)
			if want == "" {
				require.Contains(w, result, `can't publish to "default/rooms/*", which a wildcard ends`, call)
				return
			}
			require.Equal(w, want, result, call)
			require.Zero(w, v.sum("pushgw_errors", "error=StrayDelivery"))
		})
	}
}

// The script may say of which audience each listener is, and then it says so of a broadcast
// as well.
func TestEventsAudiences(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu(func(s *lib.State) { s.VUIDGlobal = 1 })
		result := v.run(`
			const client = new events.Client('` + eventURL + `', {
				auth: { apiKey: '` + gateway.APIKey + `' }, channel: i => 'default/room' + i % 2 + '/user' + i, audience: i => 'room' + i % 2,
			});
			const listening = client.listen({ connections: 5, duration: '1m' });
			await client.ready({ listeners: 5 });
			const failure = await caught(() => client.broadcast({ audience: 'room0' }));
			const one = await client.broadcast({ audience: 'room1', channel: 'default/room1/user3', settle: '1s' });
			await listening;
			return [failure.name, failure.message, one.expected, one.received];
		`)
		require.Equal(w, []any{
			"UsageError", `broadcast() needs a channel: the option "channel", the client's or its own`, int64(2), int64(1),
		}, result)
	})
}

// A channel may differ from one listener to the next.
func TestEventsListensToAChannelPerConnection(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{`'default/a{{index}}'`, "index => `default/a${index}`"} {
		simulateGateway(t, gateway.Config{}, func(w *world) {
			v := w.vu(func(s *lib.State) { s.VUIDGlobal = 1 })
			result := v.run(`
				const client = new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: ` + channel + ` });
				const listening = client.listen({ connections: 3, duration: '1m' });
				await client.ready({ listeners: 3, canary: true });
				const received = [];
				for (const channel of ['default/a0', '/default/a2/', 'default/a4']) {
					received.push((await client.broadcast({ channel })).received);
				}
				return [...received, (await listening).ready].join();
			`)
			require.Equal(w, "1,1,0,3", result, channel)
		})
	}
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: index => 'a b' });
			return (await client.listen({ duration: '1m' })).failed;
		`)
		require.EqualValues(w, 1, result)
		require.InDelta(w, 1, v.sum("pushgw_connect_failed", "phase=script"), 0)
	})
}

func TestEventsPublishes(t *testing.T) {
	t.Parallel()
	config := gateway.Config{}
	require.NoError(t, config.Faults.FailEvent.UnmarshalText([]byte("1/4")))
	simulateGateway(t, config, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = ` + eventsClient + `;
			const told = [];
			const host = await client.connect();
			host.on('message', m => told.push(JSON.parse(m.data).event));
			host.on('error', e => told.push(e.message));
			const subscription = await host.subscribe();
			const other = await host.subscribe('default/rooms/*');
			const one = await client.publish(['a', 1, { b: '<' }, null]);
			const two = await host.publish([true], { channel: 'default/rooms/Room2' });
			await sleep(1000);
			await subscription.unsubscribe();
			const three = await host.publish([[2]]);
			await sleep(1000);
			const again = await caught(() => subscription.unsubscribe());
			await host.close();
			return [subscription.id, other.id, one.successful.map(e => e.index).join(), one.failed.map(e => [e.index, e.code, e.message]).join(),
				two.failed.length, three.successful.length, typeof three.successful[0].identifier, told.sort().join(' '), again.message];
		`)
		require.Equal(w, []any{
			"1", "2", "0,1,2", "3,500,Unable to process message", int64(0), int64(1), "string",
			`"a" "a" 1 1 [2] true {"b":"<"} {"b":"<"}`, "unsubscribe(): there is no such subscription any more",
		}, result)
		require.InDelta(w, 2, v.sum("subscribed_success_counter", "gateway=events", "role=host"), 0)
		require.InDelta(w, 1, v.sum("pushgw_errors", "error=FailedEvent"), 0)
	})
}

// A failure of events that the script publishes itself is in the result, and no event
// 'error'.
func TestEventsThatFailAreNoNews(t *testing.T) {
	t.Parallel()
	config := gateway.Config{}
	require.NoError(t, config.Faults.FailEvent.UnmarshalText([]byte("1")))
	simulateGateway(t, config, func(w *world) {
		result := w.vu().run(`
			const host = await ` + eventsClient + `.connect();
			let errors = 0;
			host.on('error', () => errors++);
			const { successful, failed } = await host.publish([1, 2, 3]);
			await sleep(1000);
			const refused = await caught(() => host.publish([1], { channel: 'elsewhere' }));
			await host.close();
			return [successful.length, failed.length, errors, refused.name, refused.message];
		`)
		require.Equal(w, []any{int64(0), int64(3), int64(0), "GatewayError", "ResourceNotFound: Namespace not found"}, result)
	})
}

// broadcast_error says that one event didn't reach one listener, and ends nothing.
func TestEventsBroadcastErrors(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"string", "list", "object"} {
		config := gateway.Config{}
		require.NoError(t, config.Faults.Errors.UnmarshalText([]byte("1")))
		require.NoError(t, config.Faults.EventForm.UnmarshalText([]byte(form)))
		simulateGateway(t, config, func(w *world) {
			v := w.vu()
			result := v.run(`
				const client = ` + eventsClient + `;
				const listening = client.listen({ connections: 3, duration: '1m' });
				await client.ready({ listeners: 3 });
				const { received } = await client.broadcast({ count: 2 });
				const { closed } = await listening;
				return [received, closed];
			`)
			require.Equal(w, []any{int64(6), int64(0)}, result, form)
			require.InDelta(w, 6, v.sum("pushgw_errors", "error=MessageProcessing"), 0)
		})
	}
}

// Credentials go where the client is told, for the host that is told.
func TestEventsPresentsItsKey(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		``:                                     "/event/realtime|aws-appsync-event-ws, header-eyJob3N0IjoiZ2F0ZXdheS50ZXN0IiwieC1hcGkta2V5IjoiayJ9|gateway.test",
		`host: 'h',`:                           "/event/realtime|aws-appsync-event-ws, header-eyJob3N0IjoiaCIsIngtYXBpLWtleSI6ImsifQ|h",
		`realtimeUrl: 'ws://other/elsewhere',`: "/elsewhere|aws-appsync-event-ws, header-eyJob3N0IjoiZ2F0ZXdheS50ZXN0IiwieC1hcGkta2V5IjoiayJ9|gateway.test",
	} {
		var got, host string
		upgrade := sockets(func(socket *websocket.Conn, text string) {
			switch gjson.Get(text, "type").String() {
			case "connection_init":
				reply(socket, `{"type":"connection_ack"}`)
			case "subscribe":
				host = gjson.Get(text, "authorization.host").String()
				require.Equal(t, "default/a", gjson.Get(text, "channel").String())
				reply(socket, `{"type":"subscribe_success","id":"1"}`)
			}
		})
		simulate(t, chosen(func(r *http.Request) http.Handler {
			got = r.URL.Path + "|" + r.Header.Get("Sec-WebSocket-Protocol")
			return upgrade
		}), func(w *world) {
			w.vu().run(`await new events.Client('` + eventURL + `', { ` + options + ` auth: { apiKey: 'k' }, channel: 'default/a' }).listen({ duration: '1s' })`)
			require.Equal(w, want, got+"|"+host, options)
		})
	}
}

func TestEventsChecksItsOptions(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new events.Client('`+eventURL+`', `, map[string]string{
		`{}`:                                    `new events.Client(): option "auth" must have one of apiKey, token, iam in it, and has none`,
		`{ auth: { apiKey: 'k' }, channel: 5 }`: `new events.Client(): option "channel" must be a string or a function that returns one, not a number`,
		`{ auth: { apiKey: 'k' }, channel: 'a//b' }`:                    `new events.Client(): option "channel" has a segment "": letters, digits and, inside, dashes are allowed, up to 50, and * as the last segment`,
		`{ auth: { apiKey: 'k' }, channel: 'a/b/c/d/e/f' }`:             `new events.Client(): option "channel" has more than 5 segments`,
		`{ auth: { apiKey: 'k' }, channel: [] }`:                        `new events.Client(): option "channel" must be 1 to 200 channels, as many as AppSync lets a connection have, not 0`,
		`{ auth: { apiKey: 'k' }, channel: ['a', 5] }`:                  `new events.Client(): option "channel[1]" must be a string or a function that returns one, not a number`,
		`{ auth: { apiKey: 'k' }, channel: ['a', 'b'], audience: 'c' }`: `new events.Client(): option "audience" can't be given where there are several channels, of which each has its own`,
		`{ auth: { apiKey: 'k' }, realtimeUrl: 'https://a/b' }`:         `new events.Client(): option "realtimeUrl" the URL "https://a/b" must begin with wss:// or ws://`,
	})
	requireThrows(t, eventsClient+`.broadcast(`, map[string]string{
		`{ batch: 6 }`:        `broadcast(): option "batch" must be from 1 to 5, which is AppSync's limit, not 6`,
		`{ batch: 0 }`:        `broadcast(): option "batch" must be a number not below 1, not 0`,
		`{ event: 'x' }`:      `broadcast(): option "event" must contain {{stamp}}, by which its listeners know it`,
		`{ event: () => 1 }`:  `broadcast(): option "event" must be a value that JSON can hold, not a function and not undefined`,
		`{ publish: 'mqtt' }`: `broadcast(): option "publish" must be one of http, socket, not "mqtt"`,
		`{ channel: 'a b' }`:  `broadcast(): option "channel" has a segment "a b": letters, digits and, inside, dashes are allowed, up to 50, and * as the last segment`,
		`{ message: 'x' }`:    `broadcast(): unknown option "message"; known are count, rate, until, settle, batch, event, channel, publish, audience`,
	})
}

// What can't be published is said where it is asked for.
func TestEventsMisused(t *testing.T) {
	t.Parallel()
	const bare = `new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' } })`
	simulateGateway(t, gateway.Config{}, func(w *world) {
		for script, want := range map[string]string{
			bare + `.listen()`:                                 `listen() needs the client's option "channel"`,
			bare + `.broadcast()`:                              `broadcast() needs a channel: the option "channel", the client's or its own`,
			bare + `.publish([1])`:                             `publish() needs a channel: the option "channel", the client's or its own`,
			eventsClient + `.publish(1)`:                       `publish(): the events must be a list`,
			eventsClient + `.publish([])`:                      `publish(): the events must be 1 to 5, which is AppSync's limit, not 0`,
			eventsClient + `.publish([1,2,3,4,5,6])`:           `publish(): the events must be 1 to 5, which is AppSync's limit, not 6`,
			eventsClient + `.publish([1, undefined])`:          `publish(): event 1 must be a value that JSON can hold, not a function and not undefined`,
			eventsClient + `.publish([1], { channel: 'a/*' })`: `publish() can't publish to "a/*", which a wildcard ends: it needs an option "channel" of its own`,
			`(await ` + bare + `.connect()).subscribe()`:       `subscribe() needs a channel, because the client has none, or more than one`,
			`(await ` + bare + `.connect()).subscribe('a b')`:  `subscribe(): the channel "a b" has a segment "a b": letters, digits and, inside, dashes are allowed, up to 50, and * as the last segment`,
			`(await ` + bare + `.connect()).subscribe({})`:     `subscribe() takes a channel, not an object`,
		} {
			f := w.vu().fails(`await ` + script)
			require.Equal(w, nameUsageError, f.name, script)
			require.Equal(w, want, f.message)
		}
	})
}
