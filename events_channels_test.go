package pushgw

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/gateway"
)

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
