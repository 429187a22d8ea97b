package pushgw

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
)

// upgrades is a gateway that remembers what upgrade requests carry and what is sent, and
// answers every text with "ok".
func upgrades(seen *[]string, describe func(r *http.Request) string) http.Handler {
	return chosen(func(r *http.Request) http.Handler {
		*seen = append(*seen, describe(r))
		return sockets(func(socket *websocket.Conn, text string) {
			*seen = append(*seen, text)
			reply(socket, "ok")
		})
	})
}

// Every connection has its own index, which is the same when its VU listens again.
func TestEachConnectionHasItsIndex(t *testing.T) {
	t.Parallel()
	var seen []string
	simulate(t, upgrades(&seen, func(r *http.Request) string { return r.URL.Path }), func(w *world) {
		w.vu().run(`
			const client = new apigw.Client('ws://gateway.test/{{index}}', { handshake: [] });
			await client.listen({ connections: 3, duration: '1s' });
			await client.listen({ connections: 3, duration: '1s' });
			await client.listen({ duration: '1s' });
			await (await client.connect()).close();
			await (await client.connect({ index: 4 })).close();
		`)
	})
	slices.Sort(seen)
	require.Equal(t, []string{"/0", "/0", "/0", "/0", "/1", "/1", "/2", "/2", "/4"}, seen, "the VU is the only one that listens")
}

// All that may differ from one connection to the next does, by placeholders and by functions.
func TestWhatDiffersFromOneConnectionToTheNext(t *testing.T) {
	t.Parallel()
	var seen []string
	describe := func(r *http.Request) string {
		return fmt.Sprint(r.URL.RequestURI(), " ", r.Header["X-Text"], r.Header["X-Fn"], r.Header["X-Same"], r.Header["Sec-Websocket-Protocol"])
	}
	simulate(t, upgrades(&seen, describe), func(w *world) {
		w.vu().run(`
			let called = [];
			const name = of => i => { called.push(of + i); return of + i; };
			const client = new apigw.Client('ws://gateway.test/dev/{{room}}?user={{nickname}}&i={{index}}', {
				nickname: 'a/b "{{index}}"', room: name('r&/'),
				headers: { 'x-text': '{{room}} {{index}}', 'x-fn': name('h'), 'x-same': 's' },
				query: { same: 'a b', fn: name('q='), text: '{{nickname}}' },
				subprotocols: ['same', 'p{{index}}', name('s')],
				handshake: [{ send: '{"nick":"{{nickname}}","n":{{index}}}', expect: 'ok' }, { send: ' {"nick":"{{nickname}}"}', expect: 'ok' }, { send: name('fn {{room}} '), expect: 'ok' }],
			});
			await client.listen({ connections: 1, duration: '1s' });
			if (called.sort().join() !== 'fn {{room}} 0,h0,q=0,r&/0,s0') throw called;
		`)
	})
	require.Equal(t, []string{
		`/dev/r&%2F0?user=a%2Fb+%220%22&i=0&same=a+b&fn=q%3D0&text=a%2Fb+%220%22 [r&/0 0] [h0] [s] [same, p0, s0]`,
		`{"nick":"a/b "0"","n":0}`, ` {"nick":"a/b \"0\""}`, `fn {{room}} 0`,
	}, seen)
}

// The functions of one connection are called in one turn of the event loop.
func TestFunctionsAreCalledTogether(t *testing.T) {
	t.Parallel()
	var seen []string
	simulate(t, upgrades(&seen, func(*http.Request) string { return "" }), func(w *world) {
		result := w.vu().run(`
			const called = [];
			const name = of => i => { setTimeout(() => called.push('|'), 0); called.push(of + i); return of + i; };
			const client = new apigw.Client('` + chatURL + `', {
				query: { a: name('a') }, headers: { b: name('b') }, handshake: [{ send: name('c') }],
			});
			await client.listen({ connections: 1, duration: '1s' });
			return called.join('');
		`)
		require.Equal(w, "a0b0c0|||", result)
	})
}

// What a function throws, or returns in place of a text, is why there is no connection.
func TestFunctionsThatSayNothing(t *testing.T) {
	t.Parallel()
	for option, message := range map[string]string{
		`query: { q: () => 5 }`:                         `the function "query.q" must return a string, not a number`,
		`headers: { h: () => undefined }`:               `the function "headers.h" must return a string, not null`,
		`headers: { h: () => 'a\n' }`:                   `option "headers.h" has a value for "h" that can't be a header's`,
		`subprotocols: [() => 'a b']`:                   `option "subprotocols" must be names of subprotocols, without spaces, commas and the like`,
		`room: async () => 5`:                           `the function "room" must return a string, not a number`,
		`room: async () => { throw new Error('none') }`: `none`,
		`room: () => 'a b'`:                             `option "room" must be one word, as the chat application takes it, not "a b"`,
		`nickname: () => { throw new Error('nobody')}`:  `nobody`,
		`handshake: [{ send: () => ({}) }]`:             `the function "send" must return a string, not an object`,
	} {
		simulate(t, chat(nil), func(w *world) {
			v := w.vu()
			f := v.fails(`await new apigw.Client('` + chatURL + `', { ` + option + ` }).connect()`)
			require.Equal(w, "ConnectError", f.name, option)
			require.Contains(w, f.message, message, option)
			v = w.vu()
			result := v.run(`return (await new apigw.Client('` + chatURL + `', { ` + option + ` }).listen({ connections: 2, duration: '1s' })).failed`)
			require.EqualValues(w, 2, result, option)
			require.InDelta(w, 2, v.sum("pushgw_connect_failed", "phase=script", "role=listener"), 0, option)
		})
	}
}

// A placeholder that stands for nothing is told where it is given.
func TestPlaceholdersThatStandForNothing(t *testing.T) {
	t.Parallel()
	const names = `{{index}}, {{nickname}}, {{room}}`
	requireThrows(t, `new apigw.Client(`, map[string]string{
		`'ws://gateway.test/{{stage}}'`:                               `new apigw.Client(): the URL has {{stage}} in it, which stands for nothing here; known: ` + names,
		`'ws://gateway.test/?u={{user}}'`:                             `new apigw.Client(): the URL has {{user}} in it, which stands for nothing here; known: ` + names,
		`'ws://{{room}}.test/'`:                                       `new apigw.Client(): "ws://{{room}}.test/" is not a URL: placeholders can be in the path and the query only`,
		`'` + chatURL + `', { nickname: '{{nickname}}' }`:             `new apigw.Client(): option "nickname" has {{nickname}} in it, which stands for nothing here; known: {{index}}`,
		`'` + chatURL + `', { room: '{{user.id}}' }`:                  `new apigw.Client(): option "room" has {{user.id}} in it, which stands for nothing here; known: {{index}}`,
		`'` + chatURL + `', { query: { a: '{{stamp}}' } }`:            `new apigw.Client(): option "query" has {{stamp}} in it, which stands for nothing here; known: ` + names,
		`'` + chatURL + `', { headers: { a: '{{}}' } }`:               `new apigw.Client(): option "headers" has {{}} in it, which stands for nothing here; known: ` + names,
		`'` + chatURL + `', { subprotocols: ['a{{i}}'] }`:             `new apigw.Client(): option "subprotocols" has {{i}} in it, which stands for nothing here; known: ` + names,
		`'` + chatURL + `', { subprotocols: ['a,b'] }`:                `new apigw.Client(): option "subprotocols" must be names of subprotocols, without spaces, commas and the like`,
		`'` + chatURL + `', { subprotocols: 'a' }`:                    `new apigw.Client(): option "subprotocols" must be a list, not a string`,
		`'` + chatURL + `', { query: 'a=b' }`:                         `new apigw.Client(): option "query" must be an object of strings or functions, not a string`,
		`'` + chatURL + `', { handshake: [{ send: '{{audience}}' }]}`: `new apigw.Client() handshake[0]: option "send" has {{audience}} in it, which stands for nothing here; known: ` + names,
	})
	requireThrows(t, `new appsync.Client(`, map[string]string{
		`'http://gateway.test/{{index}}', { auth: { apiKey: 'k' } }`: `new appsync.Client(): the URL has {{index}} in it, which stands for nothing here; known: none`,
		`'` + graphqlURL + `', { auth: { apiKey: 'k' }, subscription: { query: 's', variables: { a: ['{{room}}'] } } }`: `new appsync.Client() subscription: ` +
			`option "variables" has {{room}} in it, which stands for nothing here; known: {{index}}`,
		`'` + graphqlURL + `', { auth: { apiKey: 'k' }, mutation: { query: '{{stamp}} {{index}}' } }`: `new appsync.Client(): ` +
			`option "mutation" has {{index}} in it, which stands for nothing here; known: {{stamp}}, {{audience}}`,
		`'` + graphqlURL + `', { auth: { apiKey: 'k' }, realtimeUrl: 'ws://gateway.test/{{room}}' }`: `new appsync.Client(): ` +
			`the URL has {{room}} in it, which stands for nothing here; known: {{index}}`,
	})
	requireThrows(t, `new apigw.Client('`+chatURL+`').broadcast(`, map[string]string{
		`{ message: '{{stamp}} {{room}}' }`: `broadcast(): option "message" has {{room}} in it, which stands for nothing here; known: {{stamp}}, {{audience}}`,
	})
}

// On AppSync the variables differ by placeholders, escaped as JSON, or by a function; what
// else connections carry does as on API Gateway.
func TestAppSyncConnectionsDiffer(t *testing.T) {
	t.Parallel()
	for _, credentials := range []string{"subprotocol", "query"} {
		var seen []string
		simulate(t, upgrades(&seen, func(r *http.Request) string {
			return r.URL.Query().Get("user") + " " + r.URL.Query().Get("q") + " " + r.Header.Get("X-Own") + " " +
				strings.Join(slices.DeleteFunc(strings.Split(r.Header.Get("Sec-Websocket-Protocol"), ", "), func(p string) bool {
					return strings.HasPrefix(p, "header-")
				}), ",")
		}), func(w *world) {
			for _, subscription := range []string{
				`{ query: 'subscription S{{index}}', variables: { a: 'a{{index}}' } }`,
				`{ query: 'subscription S{{index}}', variables: i => ({ a: 'b' + i }), operationName: 'S' }`,
			} {
				w.vu().run(`
					const client = new appsync.Client('` + graphqlURL + `', {
						auth: { apiKey: 'k' }, credentials: '` + credentials + `', realtimeUrl: 'ws://gateway.test/graphql/realtime?user={{index}}',
						query: { q: i => 'q' + i }, headers: { 'x-own': 'h{{index}}' }, subprotocols: ['p{{index}}'], timeout: '1s', audience: 'all',
						subscription: ` + subscription + `,
					});
					await client.listen({ connections: 1, duration: '2s' });
				`)
			}
		})
		require.Equal(t, []string{"0 q0 h0 graphql-ws,p0", `{"type":"connection_init"}`, "0 q0 h0 graphql-ws,p0", `{"type":"connection_init"}`}, seen)
	}
}

// Each connection subscribes with its own variables.
func TestAppSyncSubscriptionsDiffer(t *testing.T) {
	t.Parallel()
	for subscription, want := range map[string]string{
		`{ query: 'subscription S{{index}}', variables: { a: '{{index}}"', b: [{ c: 'x{{index}}' }] } }`: `{"query":"subscription S0","variables":{"a":"0\"","b":[{"c":"x0"}]}}`,
		`{ query: 'subscription S{{index}}', variables: i => ({ a: i, b: '{{index}}' }) }`:               `{"query":"subscription S0","variables":{"a":0,"b":"{{index}}"}}`,
		`{ query: 's', variables: () => ({}), operationName: 'S' }`:                                      `{"query":"s","variables":{},"operationName":"S"}`,
	} {
		subscribed := ""
		simulate(t, starts(func(_, data string) string { subscribed = data; return `{"type":"start_ack","id":"1"}` }), func(w *world) {
			w.vu().run(`
				const client = new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' }, audience: 'all', subscription: ` + subscription + ` });
				await client.listen({ connections: 1, duration: '2s' });
			`)
			require.JSONEq(w, want, subscribed)
			subscribed = ""
			w.vu().run(`
				const host = await new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' }, audience: 'all', subscription: ` + subscription + ` }).connect();
				await host.subscribe();
				await host.close();
			`)
			require.JSONEq(w, want, subscribed, "a host's")
		})
	}
	simulate(t, http.NotFoundHandler(), func(w *world) {
		f := w.vu().fails(`await new appsync.Client('` + graphqlURL + `', {
			auth: { apiKey: 'k' }, audience: 'all', subscription: { query: 's', variables: () => 'v' },
		}).connect()`)
		require.Contains(w, f.message, `the function "subscription.variables" must return an object, not a string`)
	})
}

// Requests over HTTP have the headers of a host.
func TestHeadersOfRequestsDiffer(t *testing.T) {
	t.Parallel()
	var own []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own = append(own, r.Header.Get("X-Own"))
		_, _ = w.Write([]byte(`{"data":{}}`))
	})
	simulate(t, handler, func(w *world) {
		result := w.vu().run(`
			let called = 0;
			const client = new appsync.Client('` + graphqlURL + `', {
				auth: { apiKey: 'k' }, headers: { 'x-own': i => 'h' + i + ++called }, mutation: { query: '{{stamp}}' },
			});
			await client.broadcast({ count: 2, settle: 10 });
			await client.graphql({ query: 'q' });
			return called;
		`)
		require.EqualValues(w, 2, result)
	})
	require.Equal(t, []string{"h01", "h01", "h02"}, own)
}

// What is the same for all connections is shared, and costs nothing for each.
func TestConstantOptionsAreShared(t *testing.T) { //nolint:paralleltest // it counts allocations
	simulate(t, nil, func(w *world) {
		v := w.vu()
		o := given(w.T, `{ headers: { a: 'b' }, query: { c: 'd' }, timeout: '1s' }`)
		vs := newVaryings()
		u, err := parseURL("ws://gateway.test/dev?x=y", []string{"ws"})
		require.NoError(w, err)
		g := &apiGateway{}
		c := &client{module: v.module, backend: g}
		c.settings, g.url = readSettings(o, vs, u, time.Second)
		require.NoError(w, o.done())
		require.Equal(w, "ws://gateway.test/dev?x=y&c=d", g.url.String())
		target := c.begin("", identity{}).target()
		require.Zero(w, testing.AllocsPerRun(100, func() {
			own := values{}
			if err := c.settings.upgrade.apply(&own, &target); err != nil {
				w.Error(err)
			}
			if own.answers, err = vs.ask(t.Context(), 1); err != nil {
				w.Error(err)
			}
		}))
	})
}

// VUs that listen at an endpoint are numbered in the order in which they first do, whatever
// numbers k6 gave them, and those of several processes take turns.
func TestIndexesHaveNoGaps(t *testing.T) {
	t.Parallel()
	var seen []string
	listens := `await new apigw.Client('ws://gateway.test/{{index}}', { handshake: [] }).listen({ connections: 2, duration: '1s' })`
	numbered := func(n uint64) func(*lib.State) { return func(state *lib.State) { state.VUIDGlobal = n } }
	simulate(t, upgrades(&seen, func(r *http.Request) string { return r.URL.Path }), func(w *world) {
		w.vu(numbered(3)).run(`await (await new apigw.Client('ws://gateway.test/{{index}}', { handshake: [] }).connect()).close()`)
		for _, vu := range []uint64{9, 2, 9} {
			w.vu(numbered(vu)).run(listens)
		}
		slices.Sort(seen)
		require.Equal(w, []string{"/0", "/0", "/0", "/1", "/1", "/2", "/3"}, seen)
		seen = nil
		w.vu(numbered(2)).run(strings.ReplaceAll(listens, "gateway.test/", "other.test/"))
		slices.Sort(seen)
		require.Equal(w, []string{"/0", "/1"}, seen, "the first at that endpoint")
	})
	seen = nil
	simulate(t, upgrades(&seen, func(r *http.Request) string { return r.URL.Path }), func(w *world) {
		p := w.processes(3)
		for i := range p {
			for n := range uint64(2) {
				p[i].vu(p.part(i+1), numbered(7+n)).run(listens)
			}
		}
		for i := range seen {
			seen[i] = fmt.Sprintf("%02s", strings.TrimPrefix(seen[i], "/"))
		}
		slices.Sort(seen)
		require.Equal(w, []string{"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"}, seen)
	})
}
