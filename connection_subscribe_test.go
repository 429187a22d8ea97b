package pushgw

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
)

func TestConnectionSubscribes(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = ` + appSyncClient + `;
			const host = await client.connect();
			const told = [];
			host.on('message', m => told.push(m.id));
			const one = await host.subscribe();
			const two = await host.subscribe({ query: 'subscription($t: String) { onCreateRoom(title: $t) { id title } }', variables: { t: 'B' } });
			const create = t => client.graphql({
				query: 'mutation($t: String!) { createRoom(input: { title: $t }) { id title } }', variables: { t },
			});
			const data = await create('A');
			await create('B');
			await sleep(1000);
			await one.unsubscribe();
			await create('B');
			await sleep(1000);
			const again = await caught(() => one.unsubscribe());
			await host.close();
			return [one.id, two.id, data.createRoom.title, told.sort().join(), again.name, again.message];
		`)
		require.Equal(w, []any{
			"1", "2", "A", "1,1,2,2", "UsageError", "unsubscribe(): there is no such subscription any more",
		}, result)
		require.InDelta(w, 2, v.sum("subscribed_success_counter", "gateway=appsync", "role=host"), 0)
	})
}

// A subscription that is refused says why, and so does one that nobody answers.
func TestConnectionThatMayNotSubscribe(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, text string) {
		switch {
		case gjson.Get(text, "type").String() == "connection_init":
			reply(socket, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
		case gjson.Get(text, "type").String() == "start" && strings.Contains(text, "refused"):
			reply(socket, `{"type":"error","id":"1","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401,"message":"No"}]}}`)
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const host = await new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' }, timeout: '3s' }).connect();
			const failures = [];
			for (const f of [
				() => host.subscribe({ query: 'subscription { refused }' }),
				() => host.subscribe({ query: 'subscription { silent }' }),
				() => host.subscribe(),
				() => host.subscribe({}),
				() => host.subscribe({ query: '' }),
				() => host.subscribe({ query: 's', variables: 5 }),
				() => host.subscribe({ query: 's', variable: {} }),
			]) {
				const { name, code, message } = await caught(f);
				failures.push(name + ' ' + code + ': ' + message);
			}
			await host.close();
			return failures;
		`)
		require.Equal(w, []any{
			"GatewayError 401: Unauthorized: No",
			"TimeoutError undefined: the gateway did not answer within 3s",
			"UsageError undefined: subscribe() needs an operation, because the client doesn't have exactly one",
			`InvalidOption undefined: subscribe(): option "query" is missing: the text of the GraphQL operation`,
			"InvalidOption undefined: subscribe(): appsync: the operation has no query",
			`InvalidOption undefined: subscribe(): option "variables" must be an object, not a number`,
			`InvalidOption undefined: subscribe(): unknown option "variable"; known are query, variables, operationName`,
		}, result)
		require.InDelta(w, 1, v.sum("pushgw_errors", "error=Unauthorized"), 0)
	})
}

// A subscription that isn't answered in time is stopped, should it have come about after
// all; its late answer and that to its stop are nobody's.
func TestConnectionThatGivesUpSubscribing(t *testing.T) {
	t.Parallel()
	var said []string
	handler := sockets(func(socket *websocket.Conn, text string) {
		kind, id := gjson.Get(text, "type").String(), gjson.Get(text, "id").String()
		said = append(said, kind+id)
		switch {
		case kind == "connection_init":
			reply(socket, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
		case kind == "start" && id == "2":
			reply(socket, `{"type":"start_ack","id":"1"}`)
			reply(socket, `{"type":"start_ack","id":"2"}`)
		case kind == "stop":
			reply(socket, `{"type":"complete","id":"`+id+`"}`)
		}
	})
	simulate(t, handler, func(w *world) {
		result := w.vu().run(`
			const host = await new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' }, timeout: '3s' }).connect();
			host.on('error', e => { throw e });
			const { message } = await caught(() => host.subscribe({ query: 's' }));
			const { id } = await host.subscribe({ query: 's' });
			await sleep(1000);
			host.send('{"type":"end"}');
			await host.close();
			return [message, id];
		`)
		require.Equal(w, []any{"the gateway did not answer within 3s", "2"}, result)
		require.Equal(w, []string{"connection_init", "start1", "start2", "stop1", "end", "stop2"}, said)
	})
}

// A subscription whose credentials can't be had fails on this side, as a request does.
func TestSubscriptionsWithoutCredentials(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{APIKey: "da2-k"}, func(w *world) {
		v := w.vu()
		u, err := gatewayURL(v.VU.Runtime().ToValue(graphqlURL), "", "http")
		require.NoError(w, err)
		c, g := v.module.readAppSync(u, given(w.T, `{ auth: { apiKey: 'k' } }`))
		g.realtime.auth.Credentials = failing{"/graphql"}
		g.realtime.share(true, g.startFrames)
		require.NoError(w, v.VU.Runtime().Set("client", c.define(v.VU.Runtime().NewObject(), appSyncMethods, nil)))
		f := v.fails(`
			const host = await client.connect();
			await host.subscribe({ query: 'subscription { onCreateRoom { title } }' });
		`)
		require.Equal(w, failure{name: "ConnectError", message: "no token"}, f)
	})
}
