package pushgw

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// A barrier with canaries sends one a second until enough listeners have heard one.
// Those that have not are deaf, and no longer expected to hear anything.
func TestReadyWithCanaries(t *testing.T) {
	t.Parallel()
	simulateCanaries(t, func(w *world, heard func(func(string))) {
		members := w.listeners(chatAudience, 4)
		var canaries []stamp.Stamp
		heard(func(text string) {
			s, _, _, _ := stamp.Find([]byte(text))
			assert.Len(w, text, stamp.Len)
			if !s.Canary {
				return
			}
			canaries = append(canaries, s)
			w.delivers(members[len(canaries)-1], text, 0)
		})
		v := w.vu()
		result := v.run(`
			const client = ` + readyClient + `;
			const began = Date.now();
			const ready = await client.ready({ listeners: 4, quorum: 0.75, canary: true });
			const took = Date.now() - began;
			const { expected, lost } = await client.broadcast({ settle: '1s' });
			return [took, JSON.stringify(ready), expected, lost];
		`)
		require.Equal(w, []any{int64(2000), `{"ready":3,"deaf":1,"failed":0}`, int64(3), int64(3)}, result)
		require.Len(w, canaries, 3)
		require.Equal(w, time.Second, canaries[2].Sent.Sub(canaries[1].Sent))
		require.Equal(w, []float64{1}, v.values("pushgw_deaf", "gateway=apigw", "role=host"))
		require.Empty(w, v.values("ws_resp_delay"))
	})
}

// Whoever is deaf when the time is up is counted too.
func TestReadyCountsTheDeaf(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
		w.listeners(chatAudience, 3)
		v := w.vu()
		result := v.run(`
			const client = ` + readyClient + `;
			const ready = caught(() => client.ready({ listeners: 3, canary: true }));
			await sleep(5000);
			const { expected } = await client.broadcast({ settle: '1s' });
			return [(await ready).name, expected];
		`)
		require.Equal(w, []any{"TimeoutError", int64(0)}, result, "what is sent meanwhile they aren't expected to hear")
		require.Equal(w, []float64{3}, v.values("pushgw_deaf"))
	})
}

// A canary that can't be sent ends the wait.
func TestReadyWhoseCanariesFail(t *testing.T) {
	t.Parallel()
	simulate(t, graphql(func(string) (int, string) { return 500, "" }), func(w *world) {
		w.listeners(graphqlAudience, 1)
		v := w.vu()
		f := v.fails(`await ` + appSyncClient + `.ready({ listeners: 1, canary: true });`)
		require.Equal(w, failure{"GatewayError", 500, "Other: gateway.test answered POST /graphql with status 500: its body is empty"}, f)
		require.Equal(w, []float64{0}, v.values("ResponseSuccessRate"))
	})
	simulate(t, sockets(func(*websocket.Conn, string) {}), func(w *world) {
		w.listeners(chatAudience, 1)
		f := w.vu().fails(`await new apigw.Client('` + chatURL + `', { timeout: '5s' }).ready({ listeners: 1, canary: true });`)
		require.Equal(w, "HandshakeError", f.name)
		require.Contains(w, f.message, "the gateway did not finish the handshake in time")
	})
}

// Canaries are sent to nobody where the listeners were cut off.
func TestReadyWhoseListenersAreCutOffBetweenCanaries(t *testing.T) {
	t.Parallel()
	simulateCanaries(t, func(w *world, heard func(func(string))) {
		members := w.listeners(chatAudience, 2)
		canaries := 0
		heard(func(string) { canaries++ })
		for _, m := range members {
			time.AfterFunc(10500*time.Millisecond, func() { m.Leave(ledger.Cut) })
		}
		v := w.vu()
		began := time.Now()
		require.Equal(w, failure{"ConnectError", 0, "ready(): of 2 listeners 0 are ready, and no more can be: 0 failed, 2 were cut off"},
			v.fails(`await `+readyClient+`.ready({ listeners: 2, canary: true, timeout: '1h' })`))
		require.Equal(w, 11500*time.Millisecond, time.Since(began))
		require.Equal(w, 11, canaries)
		require.Equal(w, []float64{0}, v.values("pushgw_deaf"))
	})
}

// Where no canary is heard, the error says how many there were, and what came back to whom sent
// them.
func TestReadyWhoseCanariesAreRefused(t *testing.T) {
	t.Parallel()
	for reply, more := range map[string]string{
		``: `, so they may go elsewhere than where the listeners are: look at the message and its room or channel`,
		`{"message":"Forbidden","connectionId":"c","requestId":"r"}`: `; the latest error that came back: Forbidden`,
	} {
		simulate(t, sockets(func(socket *websocket.Conn, text string) {
			if _, _, _, ok := stamp.Find([]byte(text)); ok && reply != "" {
				_ = socket.WriteMessage(websocket.TextMessage, []byte(reply))
			}
		}), func(w *world) {
			w.listeners(chatAudience, 2)
			f := w.vu().fails(`await new apigw.Client('` + chatURL + `', { handshake: [], audience: 'Room1', message: '{"a":"{{stamp}}"}' })
				.ready({ listeners: 2, canary: true, timeout: '4500ms' })`)
			require.Equal(w, "TimeoutError", f.name)
			require.Contains(w, f.message, "0 left, 2 deaf; 5 canaries were sent, and nobody has heard any"+more)
		})
	}
}
