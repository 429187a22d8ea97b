package pushgw

import (
	"net/url"
	"testing"
	"time"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// settingsOf are those of a client whose options a script writes like this.
func settingsOf(t *testing.T, literal string, ping time.Duration) settings {
	t.Helper()
	o := given(t, literal)
	s, _ := readSettings(o, &varyings{}, &url.URL{}, ping)
	require.NoError(t, o.done())
	return s
}

func TestClientSettings(t *testing.T) {
	t.Parallel()
	s := settingsOf(t, `undefined`, defaultAPIGatewayPing)
	require.Equal(t, 30*time.Second, s.timeout)
	require.Equal(t, 5*time.Minute, s.ping)
	require.Equal(t, wire.KernelTime, s.timestamps)
	require.Empty(t, s.header)
	require.Nil(t, s.pattern)
	require.Zero(t, s.rate)
	require.EqualValues(t, 1<<20, s.maxMessage)
	require.Zero(t, s.frameSize)

	s = settingsOf(t, `{
		timeout: '1s', ping: 0, timestamps: 'read', headers: { 'x-one': 'a', Two: 'b' },
		connectRate: 12.5, maxMessageSize: 5, frameSize: 131072, stampPattern: 'room-(\\d{13})',
	}`, defaultAPIGatewayPing)
	require.Equal(t, time.Second, s.timeout)
	require.Zero(t, s.ping)
	require.Equal(t, wire.ReadTime, s.timestamps)
	require.Equal(t, []string{"a"}, s.header["X-One"])
	require.Equal(t, []string{"b"}, s.header["Two"])
	require.InDelta(t, 12.5, s.rate, 0)
	require.EqualValues(t, 5, s.maxMessage)
	require.Equal(t, 131072, s.frameSize)
	sent, ok := s.pattern.Find([]byte("room-1601101219641"))
	require.True(t, ok)
	require.Equal(t, int64(1601101219641), sent.UnixMilli())
}

func TestClientChecksItsOptions(t *testing.T) {
	t.Parallel()
	const api, graph = `new apigw.Client('` + chatURL + `', `, `new appsync.Client('` + graphqlURL + `', `
	requireThrows(t, api, map[string]string{
		`{ timeout: 0 }`:                `new apigw.Client(): option "timeout" must be more than zero`,
		`{ timeout: 'x' }`:              `new apigw.Client(): option "timeout" must be a duration such as '5s' or a number of milliseconds, not x`,
		`{ timestamps: 'mine' }`:        `new apigw.Client(): option "timestamps" must be one of kernel, read, not "mine"`,
		`{ connectRate: -1 }`:           `new apigw.Client(): option "connectRate" must be a number not below 0, not -1`,
		`{ connectRate: 1e-12 }`:        `new apigw.Client(): option "connectRate" is too small: 1e-12 a second is less than one a day`,
		`{ timeout: NaN }`:              `new apigw.Client(): option "timeout" must be a duration such as '5s' or a number of milliseconds, not NaN`,
		`{ ping: Infinity }`:            `new apigw.Client(): option "ping" is too long: +Inf milliseconds`,
		`{ timeout: 1e-320 }`:           `new apigw.Client(): option "timeout" is too short: 1e-320 milliseconds are less than a nanosecond`,
		`{ maxMessageSize: 0 }`:         `new apigw.Client(): option "maxMessageSize" must be a number not below 1, not 0`,
		`{ frameSize: 0 }`:              `new apigw.Client(): option "frameSize" must be a number not below 1, not 0`,
		`{ frameSize: 1048577 }`:        `new apigw.Client(): option "frameSize" must not be more than 1048576`,
		`{ headers: { a: 1 } }`:         `new apigw.Client(): option "headers.a" must be a string or a function that returns one, not a number`,
		`{ room: 'two words' }`:         `new apigw.Client(): option "room" must be one word, as the chat application takes it, not "two words"`,
		`{ handshake: {} }`:             `new apigw.Client(): option "handshake" must be a list, not an object`,
		`{ handshake: [{ sent: '' }] }`: `new apigw.Client() handshake[0]: unknown option "sent"; known are send, expect, contains, pattern, timeout, counter`,
		`{ rooms: '' }`: `new apigw.Client(): unknown option "rooms"; known are nickname, handshake, room, audience, timeout, ping, maxMessageSize, frameSize, ` +
			`connectRate, timestamps, subprotocols, query, headers, stampPattern, credentials, tokenParameter, auth, managementUrl, message`,
	})
	requireThrows(t, graph, map[string]string{
		`undefined`: `new appsync.Client(): option "auth" must have one of apiKey, token, iam in it, and has none`,
		`{ auth: { apiKey: 'k' }, subscription: {} }`: `new appsync.Client() subscription: option "query" is missing: ` +
			`the text of the GraphQL operation`,
		`{ auth: { apiKey: 'k' }, mutation: { variables: { t: '{{stamp}}' } } }`: `new appsync.Client() mutation: option "query" is missing: ` +
			`the text of the GraphQL operation`,
		`{ auth: { apiKey: 'k' }, mutation: { query: 'mutation { m }' } }`: `new appsync.Client(): option "mutation" must contain {{stamp}}, ` +
			`in its query or its variables`,
		`{ auth: { apiKey: 'k' }, realtimeUrl: 5 }`:                 `new appsync.Client(): option "realtimeUrl" must be a string, not a number`,
		`{ auth: { apiKey: 'k' }, realtimeUrl: 'wss://' }`:          `new appsync.Client(): option "realtimeUrl" the URL "wss://" names no host`,
		`{ auth: { apiKey: 'k' }, realtimeUrl: 'wss://u:p@a' }`:     `new appsync.Client(): option "realtimeUrl" the URL "wss://a" must not have a user name or password in it: these gateways take none`,
		`{ auth: { apiKey: 'k' }, mutation: { query: '' } }`:        `new appsync.Client() mutation: option "query" appsync: the operation has no query`,
		`{ auth: { apiKey: 'k' }, credentials: 'header' }`:          `new appsync.Client(): option "credentials" must be one of subprotocol, query, headers, not "header"`,
		`{ auth: { apiKey: 'k' }, realtimeUrl: 'https://a/b?key' }`: `new appsync.Client(): option "realtimeUrl" the URL "https://a/b" must begin with wss:// or ws://`,
	})
	simulate(t, nil, func(w *world) {
		f := w.vu().fails(api + `{ stampPattern: 'a' })`)
		require.Equal(w, nameInvalidOption, f.name)
		require.Contains(w, f.message, `new apigw.Client(): option "stampPattern" `)
		f = w.vu().fails(api + `{ handshake: [{ counter: 'no-metric' }] })`)
		require.Equal(w, nameInvalidOption, f.name)
		require.Contains(w, f.message, `new apigw.Client() handshake[0]: option "counter" can't be a metric: `)
	})
}

func TestClientChecksItsURL(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client(`, map[string]string{
		``:                      `new apigw.Client(): the first argument must be the gateway's URL (wss:// or ws://…), not null`,
		`{}`:                    `new apigw.Client(): the first argument must be the gateway's URL (wss:// or ws://…), not an object`,
		`'http://a/b?key=1'`:    `new apigw.Client(): the URL "http://a/b" must begin with wss:// or ws://`,
		`'ws:///b?key=1'`:       `new apigw.Client(): the URL "ws:///b" names no host`,
		`'ws://:80/b'`:          `new apigw.Client(): the URL "ws://:80/b" names no host`,
		`'ws://u:p@a/b'`:        `new apigw.Client(): the URL "ws://a/b" must not have a user name or password in it: these gateways take none`,
		`'ws://u@a/b'`:          `new apigw.Client(): the URL "ws://a/b" must not have a user name or password in it: these gateways take none`,
		`'ws://a:port/b?key=1'`: `new apigw.Client(): "ws://a:port/b" is not a URL`,
	})
	requireThrows(t, `new appsync.Client(`, map[string]string{
		`'wss://a/b', { auth: { apiKey: 'k' } }`: `new appsync.Client(): the URL "wss://a/b" must begin with https:// or http://`,
	})
}

// A client has the methods of all clients, and its dialect's own.
func TestClientMethods(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		result := v.run(`
			const types = c => ['listen', 'ready', 'connect', 'broadcast', 'graphql', 'post', 'get', 'delete', 'other'].map(name => typeof c[name]).join(' ');
			return [types(new apigw.Client('` + chatURL + `')), types(` + appSyncClient + `)];
		`)
		require.Equal(w, []any{
			"function function function function undefined function function function undefined",
			"function function function function function undefined undefined undefined undefined",
		}, result)
		require.Nil(w, (&client{}).method("graphql"))
	})
}

// In the init context nothing is opened.
func TestClientInTheInitContext(t *testing.T) {
	t.Parallel()
	v := initVU(t, newProcess(), nil)
	for call, method := range map[string]string{
		`new apigw.Client('` + chatURL + `').listen()`:              "listen()",
		`new apigw.Client('` + chatURL + `').ready({listeners: 1})`: "ready()",
		`new apigw.Client('` + chatURL + `').connect()`:             "connect()",
		`new apigw.Client('` + chatURL + `').broadcast()`:           "broadcast()",
		appSyncClient + `.graphql({ query: '{ a }' })`:              "graphql()",
	} {
		_, err := v.VU.Runtime().RunString(call)
		var thrown *sobek.Exception
		require.ErrorAs(t, err, &thrown)
		require.Contains(t, thrown.Error(), method+" can't be called in the init context: a connection needs a running VU")
		require.Equal(t, nameUsageError, thrown.Value().ToObject(v.VU.Runtime()).Get("name").String())
	}
}

func TestClientShare(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 1, share(&lib.Options{}), 0)
	part, err := lib.NewExecutionSegmentFromString("1/4:1/2")
	require.NoError(t, err)
	require.InDelta(t, 0.25, share(&lib.Options{ExecutionSegment: part}), 0)
}
