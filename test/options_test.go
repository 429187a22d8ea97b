package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// k6's exit codes where a script fails before or after the test itself.
const (
	scriptException = 107 // it has thrown
	scriptRejected  = 255 // its promise was rejected
)

// TestWrongOptions: what is wrong with a client's options is said before the test begins.
func TestWrongOptions(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, code, message string }{
		{"no URL", `new apigw.Client()`, `the first argument must be the gateway's URL (wss:// or ws://…)`},
		{"no URL of this world", `new apigw.Client('ws://%zz')`, `"ws://%zz" is not a URL`},
		{"scheme", `new apigw.Client('https://localhost/dev')`, `the URL "https://localhost/dev" must begin with wss:// or ws://`},
		{"scheme", `new appsync.Client('wss://localhost/graphql')`, `must begin with https:// or http://`},
		{"no host", `new apigw.Client('wss:///dev')`, `names no host`},
		{"credentials", `new apigw.Client('https://localhost/dev?key=secret')`, `"https://localhost/dev" must`},
		{"no options", `new apigw.Client('ws://localhost/dev', 'Room1')`, `options must be an object, not a string`},
		{"unknown", `new apigw.Client('ws://localhost/dev', { rom: 'Room1' })`, `unknown option "rom"; known are nickname, handshake, room`},
		{"room's type", `new apigw.Client('ws://localhost/dev', { room: 5 })`, `option "room" must be a string or a function that returns one, not a number`},
		{"timeout", `new apigw.Client('ws://localhost/dev', { timeout: 0 })`, `option "timeout" must be more than zero`},
		{"duration", `new apigw.Client('ws://localhost/dev', { ping: 'often' })`, `option "ping" must be a duration`},
		{"negative", `new apigw.Client('ws://localhost/dev', { ping: '-5s' })`, `option "ping" must not be negative`},
		{"one of", `new apigw.Client('ws://localhost/dev', { timestamps: 'guess' })`, `option "timestamps" must be one of kernel, read`},
		{"headers", `new apigw.Client('ws://localhost/dev', { headers: { a: 1 } })`, `option "headers.a" must be a string or a function that returns one`},
		{"pattern", `new apigw.Client('ws://localhost/dev', { stampPattern: 'room' })`, `option "stampPattern" must have one group`},
		{"handshake", `new apigw.Client('ws://localhost/dev', { handshake: 'hello' })`, `option "handshake" must be a list`},
		{"step", `new apigw.Client('ws://localhost/dev', { handshake: [{ say: 'hello' }] })`, `handshake[0]: unknown option "say"`},
		{
			"counter", `new apigw.Client('ws://localhost/dev', { handshake: [{ send: 'hello', counter: 'a b' }] })`,
			`option "counter" can't be a metric`,
		},
		{"no auth", `new appsync.Client('http://localhost/graphql', {})`, `option "auth" must have one of apiKey, token, iam in it, and has none`},
		{
			"no query", `new appsync.Client('http://localhost/graphql', { auth: { apiKey: 'x' }, subscription: {} })`,
			`subscription: option "query" is missing`,
		},
		{
			"realtime", `new appsync.Client('http://localhost/graphql', { auth: { apiKey: 'x' }, realtimeUrl: 'http://localhost' })`,
			`must begin with wss:// or ws://`,
		},
		{
			"connecting", `new apigw.Client('ws://localhost/dev').connect()`,
			`connect() can't be called in the init context`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := k6(t, written(t, test.code+"\nexport default function () {}"))
			require.Equal(t, scriptException, o.exit)
			complaint := o.complaint(t)
			require.Contains(t, complaint, test.message)
			require.NotContains(t, complaint, "secret")
		})
	}
}

// TestWrongCalls: a wrong call throws at once, and the VU goes on.
func TestWrongCalls(t *testing.T) {
	t.Parallel()
	g := serve(t)
	tests := []struct{ call, name, message string }{
		{`room.listen({ conections: 5 })`, "InvalidOption", `listen(): unknown option "conections"; known are connections, rate, duration`},
		{`room.listen({ connections: 0 })`, "InvalidOption", `option "connections" must be a number not below 1, not 0`},
		{`room.listen({ connections: 1.5 })`, "InvalidOption", `option "connections" must be a whole number, not 1.5`},
		{`room.listen({ connections: '5' })`, "InvalidOption", `option "connections" must be a number, not a string`},
		{`room.listen({ rate: NaN })`, "InvalidOption", `option "rate" must be a number`},
		{`room.ready()`, "InvalidOption", `option "listeners" is missing`},
		{`room.ready({ listeners: 1, quorum: 2 })`, "InvalidOption", `option "quorum" must be a share from 0 to 1`},
		{`room.ready({ listeners: 3, timeout: '100ms' })`, "TimeoutError", `of 3 listeners 0 are ready`},
		{`room.broadcast({ rate: -1 })`, "InvalidOption", `option "rate" must be a number not below 0`},
		{`room.broadcast({ settle: -1 })`, "InvalidOption", `option "settle" must not be negative`},
		{`room.broadcast({ message: 'hello' })`, "InvalidOption", `option "message" must contain {{stamp}}`},
		{`api.listen()`, "UsageError", `needs the client's option "subscription"`},
		{`api.broadcast()`, "UsageError", `needs the client's option "mutation"`},
		{`api.graphql()`, "InvalidOption", `option "query" is missing`},
		{`api.graphql({ query: '{', variables: 5 })`, "InvalidOption", `option "variables" must be an object`},
		{`api.graphql({ query: 'query { nothing }' })`, "GatewayError", `nothing`},
		{`host.on('open', () => {})`, "UsageError", `unknown event "open"; known are message, close, error`},
		{`host.on('message')`, "UsageError", `the handler of "message" must be a function`},
		{`host.send({ action: 'hello' })`, "UsageError", `send() takes a string, not an object`},
		{`host.send()`, "UsageError", `send() takes a string, not null`},
		{`host.join('')`, "UsageError", `a room's name is one word`},
		{`gone.send('hello')`, "ClosedError", `close`},
		{`gone.join('Room2')`, "ClosedError", `closed`},
		{`gone.broadcast()`, "PublishError", `close`},
		{`subscriber.subscribe()`, "UsageError", `subscribe() needs an operation`},
		{`subscriber.subscribe({ query: 'subscription { nothing }' })`, "GatewayError", `nothing`},
	}
	var script strings.Builder
	fmt.Fprintf(&script, `
		const room = new apigw.Client('%s');
		const api = new appsync.Client('%s', { auth: { apiKey: 'da2-localpushgatewayapikey0001' } });
		export default async function () {
			const host = await room.connect(), gone = await room.connect(), subscriber = await api.connect();
			await gone.close();`, g.apigw(), g.appsync())
	for _, test := range tests {
		fmt.Fprintf(&script, `
			try {
				console.log(JSON.stringify({ name: 'none', message: await %s }));
			} catch ({ name, message }) {
				console.log(JSON.stringify({ name, message }));
			}`, test.call)
	}
	script.WriteString(`
			await host.close();
			await subscriber.close();
		}`)

	o := k6(t, written(t, script.String()))
	require.Zero(t, o.exit)
	said := o.said(t, len(tests))
	for i, test := range tests {
		t.Run(test.call, func(t *testing.T) {
			require.Equal(t, test.name, said[i].Get("name").Str)
			require.Contains(t, said[i].Get("message").Str, test.message)
		})
	}
}
