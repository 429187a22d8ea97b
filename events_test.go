package pushgw

import (
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
)

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
