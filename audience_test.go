package pushgw

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// roomsClient is a client with two listeners in each of three rooms.
const roomsClient = `
	const client = new apigw.Client('` + chatURL + `', { room: i => 'R' + i % 3 });
	const listening = client.listen({ connections: 6, duration: '1m' });
`

// Where rooms differ, each is an audience of its own, and a broadcast says which it is for.
func TestRoomsThatDiffer(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result := v.run(roomsClient + `
			const all = await client.ready({ listeners: 6 });
			const two = await client.ready({ listeners: 2, audience: 'R1' });
			const one = await client.broadcast({ audience: 'R1', count: 3 });
			const host = await client.connect({ room: 'R2' });
			const there = await host.broadcast();
			await host.join('R0');
			const here = await host.broadcast({ audience: 'R0' });
			const elsewhere = await caught(() => host.broadcast({ audience: 'R1' }));
			const nowhere = await caught(() => client.broadcast());
			await host.close();
			const { received } = await listening;
			return [all.ready, two.ready, one.expected, one.received, there.received, here.received, received,
				elsewhere.name, elsewhere.message, nowhere.name, nowhere.message];
		`)
		require.Equal(w, []any{
			int64(6), int64(2), int64(6), int64(6), int64(2), int64(2), int64(10),
			"UsageError", `broadcast(): what this connection sends goes to the room that it is in, "R0", and not to "R1": it has to join() that first`,
			"UsageError", `broadcast(): option "audience" is missing: the client's listeners are not all of one audience`,
		}, result)
		require.Zero(w, v.sum("pushgw_errors", "error=StrayDelivery"))
	})
}

// A barrier for one audience doesn't count the others, and canaries go to each audience.
func TestBarriersOfSeveralAudiences(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(roomsClient + `
			const none = await caught(() => client.ready({ listeners: 3, audience: 'R1', timeout: '2s' }));
			const one = await client.ready({ listeners: 2, audience: 'R1', canary: true });
			const all = await client.ready({ listeners: 6, canary: true });
			const { expected, received } = await client.broadcast({ audience: 'R2' });
			await listening;
			return [none.message, JSON.stringify([one, all]), expected, received];
		`)
		require.Equal(w, []any{
			"ready(): after 2s, of 3 listeners 2 are ready, 0 connecting, 0 failed, 0 left, 0 deaf",
			`[{"ready":2,"deaf":0,"failed":0},{"ready":6,"deaf":0,"failed":0}]`, int64(2), int64(2),
		}, result)
	})
}

// Canaries stop going where everybody has heard one.
func TestCanariesGoWhereTheyAreNeeded(t *testing.T) {
	t.Parallel()
	sent := make(map[string]int)
	joined := make(map[*websocket.Conn]string)
	simulate(t, sockets(func(socket *websocket.Conn, text string) {
		switch {
		case len(text) > 6 && text[:6] == "/join ":
			joined[socket] = text[6:]
			reply(socket, "Joined chat room")
		case len(text) == stamp.Len:
			sent[joined[socket]]++
		default:
			reply(socket, "Using nickname")
		}
	}), func(w *world) {
		client := `new apigw.Client('` + chatURL + `', { room: i => 'R' + i })`
		roster := w.process.ledger.Roster("apigw gateway.test:80/dev, each its own")
		for _, room := range []string{"A", "B", "B", "C"} {
			l := roster.Enter()
			l.Join(w.process.ledger.Audience(chatRoom(room)))
			l.Ready(nil)
			if room == "B" {
				foreign := stamp.Stamp{Origin: 1, Sequence: 1}
				w.process.ledger.Deliver(l.Member(0), foreign, foreign.Sent)
			}
		}
		f := w.vu().fails(`await ` + client + `.ready({ listeners: 4, canary: true, timeout: '3500ms' })`)
		require.Equal(w, "TimeoutError", f.name)
		require.Contains(w, f.message, "of 4 listeners 2 are ready, 0 connecting, 0 failed, 0 left, 2 deaf")
		require.Equal(w, map[string]int{"A": 4, "C": 4}, sent)
	})
}

// The key of an audience goes where the message says, as JSON where the message is JSON.
func TestTheAudienceInMessages(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`{"to":"{{audience}}","text":"{{stamp}}"}`: `{"to":"a\"0","text":"S"}`,
		`{{audience}} {{stamp}} {{audience}}`:      `a"0 S a"0`,
	} {
		var said []string
		simulate(t, sockets(func(_ *websocket.Conn, text string) {
			if s, _, _, ok := stamp.Find([]byte(text)); ok {
				said = append(said, strings.ReplaceAll(text, s.String(), "S"))
			}
		}), func(w *world) {
			result := w.vu().run(`
				const client = new apigw.Client('` + chatURL + `', { handshake: [], audience: i => 'a"' + i });
				const listening = client.listen({ connections: 1, duration: '10s' });
				await client.ready({ listeners: 1 });
				const message = '` + message + `';
				const { expected } = await client.broadcast({ audience: 'a"0', message, settle: 10 });
				const host = await client.connect();
				const again = await host.broadcast({ audience: 'a"0', message, settle: 10 });
				const { name } = await caught(() => host.broadcast({ message }));
				const canary = await caught(() => client.ready({ listeners: 1, canary: true, message, timeout: 500 }));
				await host.close();
				await listening;
				return [expected, again.expected, name, canary.name];
			`)
			require.Equal(w, []any{int64(1), int64(1), "UsageError", "TimeoutError"}, result)
		})
		require.Equal(t, []string{want, want, want}, said)
	}
}

// On AppSync it goes into the mutation.
func TestTheAudienceInMutations(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(`
			const client = new appsync.Client('` + graphqlURL + `', {
				auth: { apiKey: 'da2-localpushgatewayapikey0001' }, audience: 'id{{index}}',
				subscription: { query: 'subscription($o: String) { onCreateRoom(owner: $o) { __typename id title owner } }', variables: { o: 'id{{index}}' } },
				mutation: {
					query: 'mutation($o: String, $t: String!) { createRoom(input: { owner: $o, title: $t }) { id title owner } }',
					variables: { o: '{{audience}}', t: '{{stamp}}' },
				},
			});
			const listening = client.listen({ connections: 3, duration: '1m' });
			const { ready } = await client.ready({ listeners: 3, canary: true });
			const { expected, received } = await client.broadcast({ audience: 'id1', count: 2 });
			const { name } = await caught(() => client.broadcast());
			const { received: all } = await listening;
			return [ready, expected, received, name, all];
		`)
		require.Equal(w, []any{int64(3), int64(2), int64(2), "UsageError", int64(2)}, result)
	})
}

// However many rooms there are, only so many connections are open for their canaries.
func TestCanariesOfManyRooms(t *testing.T) {
	t.Parallel()
	const rooms = 3 * maxCanarySenders
	var open, most, sent atomic.Int64
	gate := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), open.Add(1)))
		defer open.Add(-1)
		chat(func(*websocket.Conn, string) { sent.Add(1) }).ServeHTTP(rw, r)
	})
	simulate(t, gate, func(w *world) {
		roster := w.process.ledger.Roster("apigw gateway.test:80/dev, each its own")
		for i := range rooms {
			l := roster.Enter()
			l.Join(w.process.ledger.Audience(chatRoom(strconv.Itoa(i))))
			l.Ready(nil)
		}
		f := w.vu().fails(`await new apigw.Client('` + chatURL + `', { room: '{{index}}' }).ready({ listeners: ` + strconv.Itoa(rooms) + `, canary: true, timeout: 500 })`)
		require.Equal(w, "TimeoutError", f.name)
	})
	require.EqualValues(t, rooms, sent.Load())
	require.LessOrEqual(t, most.Load(), int64(maxCanarySenders+1), "one may be on its way out")
	require.Zero(t, open.Load())
}

func TestWhatAnAudienceMayBe(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client('`+chatURL+`', `, map[string]string{
		`{ audience: '' }`:         `new apigw.Client(): option "audience" must not be empty`,
		`{ audience: '{{stamp}}'}`: `new apigw.Client(): option "audience" has {{stamp}} in it, which stands for nothing here; known: {{index}}, {{nickname}}, {{room}}`,
	})
	requireThrows(t, `new apigw.Client('`+chatURL+`').broadcast(`, map[string]string{
		`{ audience: '' }`: `broadcast(): option "audience" must not be empty`,
	})
	requireThrows(t, `new appsync.Client('`+graphqlURL+`', `, map[string]string{
		`{ auth: { apiKey: 'k' }, subscription: { query: 's{{index}}' } }`: `new appsync.Client(): option "audience" is missing: ` +
			`where subscriptions differ, it says who hears the same`,
	})
}

// The listeners of a call whose audiences are constant share what they hear by.
func TestConstantAudiencesAreShared(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		g := &apiGateway{hears: []heard{{audience: varying{text: "R"}}}}
		g.url, _ = parseURL(chatURL, []string{"ws"})
		c := (&client{module: v.module, backend: g}).begin("", identity{})
		one, err := c.subscriptions(&values{})
		require.NoError(w, err)
		two, err := c.subscriptions(&values{})
		require.NoError(w, err)
		require.Same(w, &one[0], &two[0])
		require.Same(w, w.process.ledger.Audience(chatRoom("R")), one[0].Audience)
	})
}

// severalSubscriptions is a client whose listeners subscribe to two things each.
const severalSubscriptions = `
	const query = 'subscription($o: String) { onCreateRoom(owner: $o) { __typename id title owner } }';
	const client = new appsync.Client('` + graphqlURL + `', {
		auth: { apiKey: 'da2-localpushgatewayapikey0001' },
		subscriptions: [
			{ query, variables: i => ({ o: 'id' + i }), audience: 'id{{index}}' },
			{ query, variables: { o: 'all' }, audience: 'all' },
		],
		mutation: {
			query: 'mutation($o: String, $t: String!) { createRoom(input: { owner: $o, title: $t }) { id title owner } }',
			variables: { o: '{{audience}}', t: '{{stamp}}' },
		},
	});
	const listening = client.listen({ connections: 3, duration: '1m' });
`

// Listeners with several subscriptions count once each, and are due what is sent to any of
// their audiences.
func TestSeveralSubscriptions(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result := v.run(severalSubscriptions + `
			const { ready } = await client.ready({ listeners: 3, canary: true });
			const own = await client.broadcast({ audience: 'id1', count: 2 });
			const all = await client.broadcast({ audience: 'all', count: 2 });
			const one = await client.ready({ listeners: 1, audience: 'id2' });
			const { name } = await caught(() => client.broadcast());
			const { opened, received } = await listening;
			return [ready, own.expected, own.received, all.expected, all.received, one.ready, name, opened, received];
		`)
		require.Equal(w, []any{
			int64(3), int64(2), int64(2), int64(6), int64(6), int64(1), "UsageError", int64(3), int64(8),
		}, result)
		require.InDelta(w, 6, v.sum("subscribed_success_counter"), 0)
		require.Len(w, v.values("pushgw_ready_time"), 3)
		require.Zero(w, v.sum("pushgw_errors"))
	})
}

// Where the subscriptions are the same for all, connections share their frames, and clients
// with the same ones a roster.
func TestSeveralConstantSubscriptions(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(`
			const options = {
				auth: { apiKey: 'da2-localpushgatewayapikey0001' },
				subscriptions: ['a', 'b'].map(o => ({ query: 'subscription($o: String) { onCreateRoom(owner: $o) { id title owner } }', variables: { o } })),
			};
			const listening = new appsync.Client('` + graphqlURL + `', options).listen({ connections: 2, duration: '1s' });
			const { ready } = await new appsync.Client('` + graphqlURL + `', options).ready({ listeners: 2 });
			return [ready, (await listening).ready];
		`)
		require.Equal(w, []any{int64(2), int64(2)}, result)
	})
}

func TestWhatSubscriptionsMayBe(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new appsync.Client('`+graphqlURL+`', { auth: { apiKey: 'k' }, `, map[string]string{
		`subscriptions: [] }`: `new appsync.Client(): option "subscriptions" must have 1 to 200 operations in it, ` +
			`as many as AppSync lets a connection have, not 0`,
		`subscriptions: Array(201).fill({ query: 's' }) }`: `new appsync.Client(): option "subscriptions" must have 1 to 200 operations in it, ` +
			`as many as AppSync lets a connection have, not 201`,
		`subscriptions: [{ query: 's' }], subscription: { query: 's' } }`: `new appsync.Client(): option "subscriptions" can't be given beside "subscription"`,
		`subscriptions: [{ query: 's' }], audience: 'a' }`:                `new appsync.Client(): option "subscriptions" can't be given beside "audience"`,
		`subscriptions: [{ query: 's' }, { audience: 'a' }] }`: `new appsync.Client() subscriptions[1]: option "query" is missing: ` +
			`the text of the GraphQL operation`,
		`subscriptions: [{ query: 's', variables: () => ({}) }] }`: `new appsync.Client() subscriptions[0]: option "audience" is missing: ` +
			`where subscriptions differ, it says who hears the same`,
		`subscriptions: [{ query: 's', audiences: 'a' }] }`: `new appsync.Client() subscriptions[0]: unknown option "audiences"; known are ` +
			`variables, query, operationName, audience`,
		`subscriptions: { query: 's' } }`: `new appsync.Client(): option "subscriptions" must be a list, not an object`,
	})
}
