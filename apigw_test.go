package pushgw

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// conversation is what connections say to a gateway that answers each text with "ok" and
// the text.
func conversation(t *testing.T, script string) (said []string, v *vu) {
	t.Helper()
	simulate(t, sockets(func(socket *websocket.Conn, text string) {
		said = append(said, text)
		reply(socket, "ok "+text)
	}), func(w *world) {
		v = w.vu()
		v.run(script)
	})
	return said, v
}

// Any other application's handshake can be given as a list of steps.
func TestAPIGatewayShakesHandsAsItIsTold(t *testing.T) {
	t.Parallel()
	said, v := conversation(t, `
		const client = new apigw.Client('`+chatURL+`', {
			nickname: 'N', room: 'R', handshake: [
				{ send: 'hello {{nickname}} {{nickname}}', expect: 'ok hello', counter: 'hello_counter' },
				{ send: '{"room":"{{room}}"}', expect: 'ok {' },
				{ send: 'bye' },
			],
		});
		await client.listen({ connections: 1, duration: '1s' });
		await client.broadcast({ message: 'm{{stamp}}' });
	`)
	require.Len(t, said, 7)
	require.Equal(t, []string{"hello N-7-1 N-7-1", `{"room":"R"}`, "bye", "hello Broadcast-7-2 Broadcast-7-2", `{"room":"R"}`, "bye"}, said[:6])
	require.InDelta(t, 2, v.sum("hello_counter"), 0)
	require.Zero(t, v.sum("nickname_counter"))
	require.Len(t, v.values("pushgw_ready_time"), 2)
}

// A handshake of no steps is over when the connection is open.
func TestAPIGatewayWithoutHandshake(t *testing.T) {
	t.Parallel()
	said, v := conversation(t, `
		await new apigw.Client('`+chatURL+`', { handshake: [] }).listen({ connections: 2, duration: '1s' });
	`)
	require.Empty(t, said)
	require.Equal(t, []float64{0, 0}, v.values("pushgw_ready_time"))
}

// The chat's listeners have a nickname of their own each, and join the room; where that
// is empty they join none.
func TestAPIGatewayChats(t *testing.T) {
	t.Parallel()
	var said []string
	listen := func(options string) []string {
		said = nil
		simulate(t, sockets(func(socket *websocket.Conn, text string) {
			said = append(said, text)
			reply(socket, map[bool]string{true: "Using nickname", false: "Joined chat room"}[len(said)%2 == 1])
		}), func(w *world) {
			w.vu().run(`await new apigw.Client('` + chatURL + `', ` + options + `).listen({ duration: '1s' })`)
		})
		return said
	}
	require.Equal(t, []string{"Listener-7-1", "/join Room1"}, listen(`{}`))
	require.Equal(t, []string{"L-7-1", "/join R"}, listen(`{ nickname: 'L', room: 'R' }`))
	require.Equal(t, []string{"Listener-7-1"}, listen(`{ room: '' }`))
}

// Every connection sends a ping each five minutes, unless it is told otherwise.
func TestAPIGatewayPings(t *testing.T) {
	t.Parallel()
	for options, pings := range map[string]int{
		`{}`:               4,
		`{ ping: '1m' }`:   22,
		`{ ping: 0 }`:      0,
		`{ ping: 600000 }`: 2,
	} {
		simulateGateway(t, gateway.Config{IdleTimeout: 24 * time.Hour}, func(w *world) {
			v := w.vu()
			v.run(`await new apigw.Client('` + chatURL + `', ` + options + `).listen({ duration: '22m30s' })`)
			require.Len(w, v.values("ws_ping"), pings, options)
			require.Zero(w, v.sum("ws_ping"))
		})
	}
}

// Each room of each stage of each host is an audience of its own.
func TestAPIGatewayAudiences(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		names, rosters := make(map[*ledger.Audience]bool), make(map[*ledger.Roster]bool)
		for _, url := range []string{"ws://a/dev", "ws://a/prod", "ws://b/dev"} {
			for _, room := range []string{"1", "2"} {
				u, err := gatewayURL(v.VU.Runtime().ToValue(url), "", "ws")
				require.NoError(w, err)
				c := &client{module: v.module, backend: &apiGateway{url: u, hears: []heard{{audience: varying{text: room}}}}}
				key, ok := c.constantAudience()
				require.True(w, ok)
				names[c.audience(key)], rosters[c.roster()] = true, true
			}
		}
		require.Len(w, names, 6)
		require.Len(w, rosters, 6)
		require.True(w, names[w.process.ledger.Audience(ledger.Name{Endpoint: "apigw a:80/dev", Key: "1"})])
	})
}

// A step without a text isn't the handshake's end.
func TestAPIGatewayWaitsForEveryStep(t *testing.T) {
	t.Parallel()
	simulate(t, sockets(func(*websocket.Conn, string) {}), func(w *world) {
		f := w.vu().fails(`
			const options = { timeout: '5s', handshake: [{}, { send: 'hello', expect: 'ok' }] };
			await new apigw.Client('` + chatURL + `', options).connect();
		`)
		require.Equal(w, "HandshakeError", f.name)
	})
}

// What an application with a handshake of its own broadcasts, only the script can tell.
func TestCanariesNeedAMessage(t *testing.T) {
	t.Parallel()
	own := `new apigw.Client('` + chatURL + `', { handshake: [], audience: 'Room1'`
	for call, name := range map[string]string{
		own + ` }).ready({ listeners: 1, canary: true, timeout: '1s' })`:                               nameUsageError,
		own + ` }).ready({ listeners: 1, canary: true, timeout: '1s', message: '{{stamp}}' })`:         nameTimeoutError,
		own + `, message: '{"a":"{{stamp}}"}' }).ready({ listeners: 1, canary: true, timeout: '1s' })`: nameTimeoutError,
		own + ` }).ready({ listeners: 1, timeout: '1s' })`:                                             nameTimeoutError,
		`new apigw.Client('` + chatURL + `').ready({ listeners: 1, canary: true, timeout: '1s' })`:     nameTimeoutError,
	} {
		simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
			f := w.vu().fails(`await ` + call)
			require.Equal(w, name, f.name, call)
			if name == nameUsageError {
				require.Equal(w, "ready() with canary needs a text that the application broadcasts: "+
					`the option "message", the client's or its own, with {{stamp}} in it`, f.message)
			}
		})
	}
}
