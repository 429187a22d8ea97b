package pushgw

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEndpointNames(t *testing.T) {
	t.Parallel()
	for name, spellings := range map[string][]string{
		"h:80":             {"ws://h", "ws://h/", "ws://H", "http://h:80", "WS://h:80//"},
		"h:443/Dev":        {"wss://h/Dev", "https://H:443/Dev/", "wss://h/Dev?key=a"},
		"h:8443/dev":       {"wss://h:8443/dev", "ws://H:8443/dev/"},
		"[2001:db8::a]:80": {"ws://[2001:DB8::A]", "ws://[2001:db8::a]:80/"},
	} {
		for _, spelling := range spellings {
			u, err := url.Parse(spelling)
			require.NoError(t, err)
			require.Equal(t, name, endpointName(u), spelling)
		}
	}
}

// Two spellings of one gateway are one audience, and share its rate.
func TestClientsOfOneGateway(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(0), func(w *world) {
		result := w.vu().run(`
			const listening = new apigw.Client('ws://GATEWAY.test:80/dev').listen({ duration: '1m' });
			const other = new apigw.Client('ws://gateway.test/dev/');
			await other.ready({ listeners: 1 });
			const { received } = await other.broadcast();
			await listening;
			return received;
		`)
		require.EqualValues(w, 1, result)
	})
	simulateGateway(t, delayed(0), func(w *world) {
		const options = `{
			auth: { apiKey: 'da2-localpushgatewayapikey0001' }, realtimeUrl: 'ws://gateway.test/graphql/realtime',
			subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
			mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { id title } }' },
		}`
		result := w.vu().run(`
			const listening = new appsync.Client('http://GATEWAY.test/graphql', ` + options + `).listen({ duration: '1m' });
			const other = new appsync.Client('http://gateway.test:80/graphql', ` + options + `);
			await other.ready({ listeners: 1 });
			const { received } = await other.broadcast();
			await listening;
			return received;
		`)
		require.EqualValues(w, 1, result)
	})
	simulate(t, nil, func(w *world) {
		v := w.vu()
		limiter := func(text string) any {
			u, err := url.Parse(text)
			require.NoError(w, err)
			c := &client{module: v.module, backend: &apiGateway{url: u}, settings: settings{header: http.Header{}, rate: 5}}
			return c.begin("", identity{}).host().Limiter
		}
		require.Same(w, limiter("ws://h/dev"), limiter("ws://H:80/prod/"))
		require.NotSame(w, limiter("ws://h/dev"), limiter("ws://h:81/dev"))
	})
}

// No error, no log line and no tag shows what a URL or a header holds of credentials.
func TestClientsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	simulate(t, http.NotFoundHandler(), func(w *world) {
		v := w.vu()
		for _, script := range []string{
			`new apigw.Client('ws://user:secret@gateway.test/dev')`,
			`new apigw.Client('ws://secret@gateway.test/dev')`,
			`new apigw.Client('http://user:secret@gateway.test/dev?secret')`,
			`new apigw.Client('ws://user:secret@/dev')`,
			`new apigw.Client('ws://user:secret@gateway.test:port/dev?secret#secret')`,
			`new appsync.Client('https://user:secret@gateway.test/graphql?secret', { auth: { apiKey: 'secret' } })`,
			`new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'secret' }, realtimeUrl: 'ws://user:secret@gateway.test/?secret' })`,
			`new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'secret' }, realtimeUrl: 'secret@gateway.test/?secret' })`,
			`new apigw.Client('` + chatURL + `', { headers: { authorization: 'secret\n' } })`,
		} {
			f := v.fails(script)
			require.Equal(w, "InvalidOption", f.name, script)
			require.NotContains(w, f.message, "secret", script)
			v = w.vu()
		}
		for _, script := range []string{
			`await new apigw.Client('` + chatURL + `?secret', { headers: { authorization: 'secret' } }).connect()`,
			`await new appsync.Client('` + graphqlURL + `?secret', { auth: { apiKey: 'secret' } }).graphql({ query: 'q' })`,
			`await new appsync.Client('` + graphqlURL + `?secret', { auth: { apiKey: 'secret' }, mutation: { query: '{{stamp}}' } }).broadcast()`,
			`await new appsync.Client('` + graphqlURL + `?secret', { auth: { apiKey: 'secret' }, credentials: 'query' }).connect()`,
		} {
			v := w.vu()
			f := v.fails(script)
			require.Contains(w, f.message, "404", script)
			require.Contains(w, f.message, "gateway.test", script)
			requireNoSecret(w, v, f.message)
		}
		w.kill()
		v = w.vu()
		f := v.fails(`await new appsync.Client('` + graphqlURL + `?secret', { auth: { apiKey: 'secret' } }).graphql({ query: 'q' })`)
		require.Equal(w, "ConnectError", f.name)
		requireNoSecret(w, v, f.message)
	})
}

// requireNoSecret: nothing that the VU has said has the word "secret" in it.
func requireNoSecret(w *world, v *vu, message string) {
	w.Helper()
	requireUnsaid(w, v, "secret", message)
}

// requireUnsaid: nothing that the VU has said has the word in it.
func requireUnsaid(w *world, v *vu, word, message string) {
	w.Helper()
	require.NotContains(w, strings.ToLower(message), word)
	for _, entry := range v.log.AllEntries() {
		text, err := entry.String()
		require.NoError(w, err)
		require.NotContains(w, text, word)
	}
	require.NotEmpty(w, v.pushed)
	for _, sample := range v.pushed {
		require.NotContains(w, fmt.Sprint(sample.Tags.Map(), sample.Metadata), word, sample.Metric.Name)
	}
}
