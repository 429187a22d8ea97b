package pushgw

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"
)

// fuzzedValues are JavaScript values of every kind, of a text and a number of the fuzzer's.
var fuzzedValues = []string{
	`text`, `number`, `Math.trunc(number)`, `-number`, `NaN`, `Infinity`, `-Infinity`, `1e-320`, `-0`, `2 ** 53`, `true`, `false`, `null`, `undefined`,
	`[]`, `[text]`, `[{ [text]: text }, null]`, `[{ send: text, expect: text, counter: text }]`, `new Array(number > 0 && number < 1e4 ? number | 0 : 3)`,
	`({})`, `({ [text]: text })`, `({ [text]: number })`, `({ query: text, variables: { [text]: '{{stamp}}' } })`, `({ apiKey: text })`,
	`({ get [text]() { throw new RangeError('mine') } })`, `({ toString() { throw new RangeError('mine') } })`, `({ toJSON() { throw new RangeError('mine') } })`,
	`(() => { const o = {}; o.o = o; o[text] = [o]; return o })()`, `(() => { const a = []; a.push(a); return a })()`,
	`(() => { let o = {}; for (let i = 0; i < 300; i++) o = { o, [text]: [o] , i}.o; return { query: 'q {{stamp}}', variables: o } })()`,
	`() => text`, `class A {}`, `new (class A { constructor() { this[text] = number } })()`, `Symbol(text)`, `10n`, `new Date(number)`, `/a/`,
	`/(?<connectionId>a)/im`, `Object.setPrototypeOf(/a/, null)`, `Object.defineProperty(/a/, 'flags', { get() { throw new RangeError('mine') } })`,
	`new Map([[text, number]])`, `new Uint8Array(3)`, `new ArrayBuffer(3)`, `new String(text)`, `new Number(number)`, `new Boolean(true)`,
	`new Proxy({ [text]: text }, {})`, `new Proxy({}, { get() { throw new RangeError('mine') }, ownKeys() { throw new RangeError('mine') } })`,
	`Object.create(null)`, `Object.create({ [text]: text })`, `Promise.resolve(text)`, `new Error(text)`, `globalThis`, `text + '{{stamp}}'`,
	`'ws://' + text`, `'http://' + text`, `number + 's'`, `number + 'd'`, `text + '\u0000\ud800'`,
}

// fuzzedCalls are every constructor and method that takes options, which are o, or a
// first argument, which is v.
var fuzzedCalls = []string{
	`new apigw.Client('ws://gateway.test/dev', o)`, `new appsync.Client('http://gateway.test/graphql', o)`,
	`new appsync.Client('http://gateway.test/graphql', Object.assign({ auth: { apiKey: 'k' } }, o))`,
	`new apigw.Client(v)`, `new apigw.Client(v, v)`, `new appsync.Client(v, { auth: { apiKey: 'k' } })`, `new apigw.Client()`, `native.Client(v)`,
	`native.Client.call(v, 'ws://gateway.test')`, `native.Client.call(native, 'ws://gateway.test', v)`, `Reflect.construct(native.Client, ['ws://gateway.test'], v)`,
	`chat.listen(o)`, `chat.ready(Object.assign({ listeners: 2 }, o))`, `chat.connect(o)`, `chat.broadcast(o)`, `chat.listen(v)`, `chat.ready(v)`,
	`chat.connect(v)`, `chat.broadcast(v)`, `chat.listen.call(v, o)`,
	`api.listen(o)`, `api.ready(Object.assign({ listeners: 2, canary: true }, o))`, `api.connect(o)`, `api.broadcast(o)`,
	`api.graphql(Object.assign({ query: 'q' }, o))`, `api.graphql(v)`,
	`new apigw.Client('ws://gateway.test/dev', o).connect()`, `new appsync.Client('http://gateway.test/graphql', Object.assign({ auth: { apiKey: 'k' } }, o)).connect()`,
	`new apigw.Client('ws://gateway.test/dev', { handshake: [o] })`, `chat.notify(o)`, `chat.post(v, v)`, `chat.post(text, text)`, `chat.get(v)`, `chat.delete(text)`,
	`host.send(v)`, `host.join(v)`, `host.on(v, v)`, `host.on('message', v)`, `host.broadcast(o)`, `host.broadcast(v)`,
	`subscriber.subscribe(o)`, `subscriber.subscribe(v)`, `subscriber.send(v)`,
}

// fuzzedKeys are every option that there is.
var fuzzedKeys = []string{
	"nickname", "room", "handshake", "timeout", "ping", "maxMessageSize", "frameSize", "connectRate", "timestamps", "headers", "stampPattern", "auth", "subscription",
	"mutation", "realtimeUrl", "host", "credentials", "connections", "rate", "duration", "listeners", "quorum", "canary", "count", "settle", "message",
	"query", "variables", "operationName", "managementUrl", "send", "expect", "contains", "pattern", "counter", "constructor", "__proto__", "toString", "",
}

// FuzzOptions: whatever a script gives to a constructor or method, it works or throws an
// error that says what is wrong, or the script's own. It never panics, and nothing waits
// for longer than the script's iteration lasts. Call and value choose from the lists; the
// key is one of the list's, or of the fuzzer's own where key is beyond it.
func FuzzOptions(f *testing.F) {
	for call := range fuzzedCalls {
		f.Add(uint8(call), uint8(call), uint8(3*call), "", 2.5)
	}
	for value := range fuzzedValues {
		call, key := value%len(fuzzedCalls), value%len(fuzzedKeys)
		f.Add(uint8(call), uint8(key), uint8(value), "room-(\\d+)", 1e300)
	}
	f.Add(uint8(0), uint8(255), uint8(0), "toString", 0.0)
	f.Add(uint8(0), uint8(3), uint8(27), "a", 0.0) // once a stack without end
	f.Fuzz(func(t *testing.T, call, key, value uint8, text string, number float64) {
		name := text
		if int(key) < len(fuzzedKeys) {
			name = fuzzedKeys[key]
		}
		synctest.Test(t, func(t *testing.T) {
			tryOptions(&world{T: t, network: newNetwork(), process: newProcess()},
				fuzzedCalls[int(call)%len(fuzzedCalls)], fuzzedValues[int(value)%len(fuzzedValues)], map[string]any{"key": name, "text": text, "number": number})
		})
	})
}

// tryOptions has a script make one call, in a world whose gateway accepts a few connections
// and then answers no more.
func tryOptions(w *world, call, value string, globals map[string]any) {
	w.Helper()
	hosts := &fewConnections{network: w.network, left: 2}
	server := &http.Server{Handler: chosen(func(r *http.Request) http.Handler {
		if r.URL.Path == "/dev" {
			return chat(func(*websocket.Conn, string) { <-w.closed.Done() }) // else a billion broadcasts would take no time
		}
		return acknowledging()
	})}
	go func() { _ = server.Serve(hosts) }()
	w.Cleanup(func() { _ = server.Close() })

	v := w.vu()
	globals["native"] = v.module.Exports().Named["apigw"]
	for name, value := range globals {
		require.NoError(w, v.VU.Runtime().Set(name, value))
	}
	var told string
	require.NoError(w, v.VU.Runtime().Set("tell", func(name sobek.Value) { told = name.String() }))
	time.AfterFunc(time.Minute, v.CancelContext)
	_, err := v.try(`
		const chat = new apigw.Client('ws://gateway.test/dev');
		const api = ` + appSyncClient + `;
		const host = await chat.connect();
		const subscriber = await api.connect();
		try {
			const v = ` + value + `;
			const o = { [key]: v };
			const result = ` + call + `;
			if (result instanceof Promise) await result;
			tell('it worked');
		} catch (e) {
			tell(e.name);
		}
	`)
	require.NoError(w, err)
	require.Contains(w, []string{
		"it worked", "InvalidOption", "UsageError", "ConnectError", "HandshakeError", "TimeoutError", "ClosedError", "PublishError", "GatewayError",
		"TypeError", "RangeError", // the script's own
	}, told, "%s with %s and %q, %q, %v", call, value, globals["key"], globals["text"], globals["number"])
}

// fewConnections is a network on which only so many connections are accepted.
type fewConnections struct {
	*network

	left int
}

func (f *fewConnections) Accept() (net.Conn, error) {
	if f.left--; f.left < 0 {
		<-f.closed.Done()
		return nil, net.ErrClosed
	}
	return f.network.Accept()
}

// acknowledging is an AppSync that acknowledges connections, and nothing else.
func acknowledging() http.Handler {
	return sockets(func(socket *websocket.Conn, text string) {
		if text == `{"type":"connection_init"}` {
			reply(socket, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
		}
	})
}
