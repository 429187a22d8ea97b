package pushgw

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// ready() waits for the listeners of all processes, whichever of them come first.
func TestReadyWaitsForAllProcesses(t *testing.T) {
	t.Parallel()
	for name, client := range rollCallClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(3)
				asks := p.vu(2)
				results := together(w, map[*vu]string{
					asks:    timed(client, `{ listeners: 9 }`),
					p.vu(1): listens(client, 3, "100", "1m"), p.vu(2): listens(client, 3, "100", "1m"),
					p.vu(3): listens(client, 3, "20000", "1m"),
				})
				took, result := outcomeOf(results[asks])
				require.Equal(w, `{"ready":9,"deaf":0,"failed":0}`, result)
				require.GreaterOrEqual(w, took, int64(20_000))
				require.Less(w, took, int64(30_000), "a roll is called every eight seconds")
			})
		})
	}
}

// A process whose last listener becomes ready says so by itself.
func TestTheLastListenerOpensTheBarrier(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(2)
		asks := p.vu(1)
		results := together(w, map[*vu]string{
			asks:    timed(readyClient, `{ listeners: 14 }`),
			p.vu(2): `await ` + readyClient + `.listen({ connections: 14, rate: 1, duration: '1m' })`, // the last after 13 s
		})
		took, result := outcomeOf(results[asks])
		require.Equal(w, `{"ready":14,"deaf":0,"failed":0}`, result)
		require.GreaterOrEqual(w, took, int64(13_000))
		require.LessOrEqual(w, took, int64(13_500), "a process answers twice a second at the most, and may just have answered")
	})
}

// Several processes may wait at the same time.
func TestReadyInSeveralProcesses(t *testing.T) {
	t.Parallel()
	for name, client := range rollCallClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(3)
				scripts := make(map[*vu]string)
				var asking []*vu
				for i := range p {
					asking = append(asking, p.vu(i+1))
					scripts[asking[i]] = timed(client, `{ listeners: 6, canary: true }`)
					scripts[p.vu(i+1)] = listens(client, 2, fmt.Sprint(1000*i), "1m")
				}
				results := together(w, scripts)
				for _, v := range asking {
					took, result := outcomeOf(results[v])
					require.Equal(w, `{"ready":6,"deaf":0,"failed":0}`, result)
					require.Less(w, took, int64(20_000))
				}
			})
		})
	}
}

// Who has not answered in time is named.
func TestReadyNamesTheMissing(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(4)
		asks := p.vu(1)
		results := together(w, map[*vu]string{
			asks:    timed(readyClient, `{ listeners: 8, timeout: '30s' }`),
			p.vu(1): listens(readyClient, 2, "0", "1m"), p.vu(3): listens(readyClient, 2, "0", "1m"),
		})
		took, result := outcomeOf(results[asks])
		require.Equal(w, "TimeoutError: ready(): after 30s, 2 of 4 processes answered (missing: 2, 4); 4 of 8 listeners", result)
		require.Equal(w, int64(30_000), took)
	})
}

// Listeners that fail in another process end the wait long before its timeout.
func TestReadyWhoseListenersFailElsewhere(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(2)
		asks := p.vu(1)
		results := together(w, map[*vu]string{
			asks:    timed(appSyncClient, `{ listeners: 4 }`),
			p.vu(1): listens(appSyncClient, 2, "0", "1m"),
			p.vu(2): `await ` + strings.Replace(appSyncClient, "auth:", "realtimeUrl: 'ws://gateway.test/nowhere', auth:", 1) + `
				.listen({ connections: 2, duration: '1m' })`,
		})
		took, result := outcomeOf(results[asks])
		require.Equal(w, "ConnectError: ready(): 2 of 2 processes answered; 2 of 4 listeners, and no more can be, 2 failed", result)
		require.Less(w, took, int64(10_000))
	})
}

// What the answers say goes into the opening, so that other processes know by causality who
// was ready.
func TestTheOpeningSaysWhoAnswered(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(2)
		listening := p.vu(2)
		together(w, map[*vu]string{
			p.vu(1):   `const client = ` + readyClient + `; await client.ready({ listeners: 3 }); await client.broadcast({ count: 5, settle: '1s' })`,
			listening: listens(readyClient, 3, "0", "10s"),
		})
		require.InDelta(w, 15, listening.sum("msg_received_counter", "origin=remote"), 0)
		require.InDelta(w, 0, listening.sum("pushgw_lost", "origin=remote"), 0)
		require.Empty(w, listening.values("pushgw_unclosed"))
		require.Len(w, listening.values("pushgw_reach", "origin=remote"), 15)
		require.Contains(w, strings.Join(listening.logged(logrus.InfoLevel), "\n"), "this host's is between", "both sides of the clocks' difference are known")
	})
}

// A test of one process sends nothing to anybody.
func TestOneProcessCallsNoRoll(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v, listening := w.vu(), w.vu()
		results := together(w, map[*vu]string{
			v: timed(readyClient, `{ listeners: 2 }`), listening: listens(readyClient, 2, "1000", "5s"),
		})
		_, result := outcomeOf(results[v])
		require.Equal(w, `{"ready":2,"deaf":0,"failed":0}`, result)
		require.Empty(w, v.values("ws_sessions"))
		require.Empty(w, listening.values("ws_sessions", "role=host"))
	})
}

// The processes are asked in one audience, which the script has to name where there are
// several.
func TestReadyThatCantAsk(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(2)
		for script, message := range map[string]string{
			`new apigw.Client('` + chatURL + `', { room: 'Room{{index}}' })`: `ready() in a test of several processes asks them in one audience: ` +
				`option "audience" is missing, because the client's listeners are not all of one`,
			`new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' }, subscription: { query: 's' } })`: `ready() in a test of several processes ` +
				`needs the client's option "mutation"`,
			`new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' }, mutation: { query: 'mutation { a(b: "{{stamp}}") }' } })`: `ready() in a test of ` +
				`several processes hears their answers as a listener: listen() needs the client's option "subscription" or "subscriptions"`,
		} {
			require.Equal(w, failure{nameUsageError, 0, message}, p.vu(1).fails(script+`.ready({ listeners: 1 })`))
		}
	})
}

// The share of a process is what k6 gives it: where each VU opens several connections, no
// group is divided.
func TestTheShareOfAProcess(t *testing.T) {
	t.Parallel()
	simulate(t, chat(nil), func(w *world) {
		for _, c := range []struct {
			listeners, group int
			part, sequence   string
			share            int
		}{
			{10, 1, "0:1/5", "0,1/5,1", 2},
			{10, 1, "1/5:1", "0,1/5,1", 8},
			{9, 1, "0:1/2", "0,1/2,1", 5},
			{9, 1, "1/2:1", "0,1/2,1", 4},
			{12, 4, "0:1/2", "0,1/2,1", 8}, // two groups of four here, one there
			{12, 4, "1/2:1", "0,1/2,1", 4},
			{13, 4, "0:1/2", "0,1/2,1", 7}, // no number of groups
			{12, 0, "0:1/2", "0,1/2,1", 6},
			{10, 1, "0:1/2", "", 5},
		} {
			var state lib.State
			segment(w, c.part, c.sequence)(&state)
			tuple, err := lib.NewExecutionTuple(state.Options.ExecutionSegment, state.Options.ExecutionSegmentSequence)
			require.NoError(w, err)
			b := &barrier{listeners: c.listeners, quorum: 1, tuple: tuple}
			require.Equal(w, c.share, b.needed(c.group), c)
		}
	})
}

// A client's message is that of its answers, too.
func TestAnswersInTheClientsMessage(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client('`+chatURL+`', `, map[string]string{
		`{ message: 'hello' }`: `new apigw.Client(): option "message" must contain {{stamp}}, by which its listeners know it`,
	})
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(2)
		listening, asks := p.vu(2), p.vu(1)
		client := `new apigw.Client('` + chatURL + `', { message: 'well {{stamp}}!' })`
		results := together(w, map[*vu]string{asks: timed(client, `{ listeners: 1 }`), listening: listens(client, 1, "0", "5s")})
		_, result := outcomeOf(results[asks])
		require.Equal(w, `{"ready":1,"deaf":0,"failed":0}`, result)
	})
}

// With a secret, what others make up counts as nothing.
func TestReadyWithASecret(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string][]string{"one": {"a", "a"}, "another": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(2)
				for i, secret := range secrets {
					p[i].env = map[string]string{"PUSHGW_SECRET": secret}
				}
				asks, listening := p.vu(1), p.vu(2)
				results := together(w, map[*vu]string{
					asks: timed(readyClient, `{ listeners: 1, timeout: '10s' }`), listening: listens(readyClient, 1, "0", "20s"),
				})
				_, result := outcomeOf(results[asks])
				if name == "one" {
					require.Equal(w, `{"ready":1,"deaf":0,"failed":0}`, result)
					return
				}
				require.Equal(w, "TimeoutError: ready(): after 10s, 1 of 2 processes answered (missing: 2); 0 of 1 listeners", result)
				require.Positive(w, listening.sum("pushgw_errors", "error=ForgedStamp"))
			})
		})
	}
}

// Who knows only the run knows nothing of how many processes there are.
func TestReadyWithoutSegments(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(3)
		named := make([]*vu, len(p))
		for i := range p {
			p[i].env = map[string]string{"PUSHGW_RUN": "mine"}
			named[i] = p[i].vu()
		}
		results := together(w, map[*vu]string{
			named[0]: timed(readyClient, `{ listeners: 4 }`), named[1]: listens(readyClient, 2, "0", "20s"), named[2]: listens(readyClient, 2, "3000", "20s"),
		})
		took, result := outcomeOf(results[named[0]])
		require.Equal(w, `{"ready":4,"deaf":0,"failed":0}`, result)
		require.GreaterOrEqual(w, took, int64(3000))
	})
}

// Canaries that nobody hears are named here, too.
func TestReadyOfProcessesWhoseCanariesAreRefused(t *testing.T) {
	t.Parallel()
	simulate(t, sockets(func(socket *websocket.Conn, _ string) {
		_ = socket.WriteMessage(websocket.TextMessage, []byte(`{"message":"Forbidden","connectionId":"c","requestId":"r"}`))
	}), func(w *world) {
		f := w.processes(2).vu(1).fails(`await new apigw.Client('` + chatURL + `', { handshake: [], audience: 'Room1', message: '{"a":"{{stamp}}"}' })
			.ready({ listeners: 2, canary: true, timeout: '500ms' })`)
		require.Equal(w, "TimeoutError", f.name)
		require.Contains(w, f.message, "canaries were sent, and nobody has heard any; the latest error that came back: Forbidden")
	})
}

// Listeners that leave another process of their own accord end the wait long before its timeout,
// if they are so many that all have been tried.
func TestReadyWhoseListenersLeftElsewhere(t *testing.T) {
	t.Parallel()
	const outOfReach = "ConnectError: ready(): 3 of 3 processes answered; 4 of 6 listeners, and no more can be, 2 left"
	for name, test := range map[string]struct {
		leaving string // the second process's script
		want    string
	}{
		"their time is over": {`listen({ connections: 2, duration: '20s' })`, outOfReach},
		"they are stopped":   {`listen({ connections: 2 })`, outOfReach},
		"one hasn't come": {
			`listen({ connections: 1, duration: '20s' })`,
			"TimeoutError: ready(): after 2m0s, 3 of 3 processes answered; 4 of 6 listeners, 1 left",
		},
	} {
		for dialect, client := range rollCallClients {
			t.Run(dialect+", "+name, func(t *testing.T) {
				t.Parallel()
				simulateGateway(t, gateway.Config{}, func(w *world) {
					p := w.processes(3)
					asks, leaves := p.vu(1), p.vu(2)
					time.AfterFunc(25*time.Second, leaves.CancelContext)
					results := together(w, map[*vu]string{
						asks:    timed(client, `{ listeners: 6, timeout: '2m' }`),
						p.vu(1): listens(client, 2, "0", "3m"),
						leaves:  `await caught(() => ` + client + `.` + test.leaving + `)`,
						p.vu(3): listens(client, 2, "30000", "3m"),
					})
					took, result := outcomeOf(results[asks])
					require.Equal(w, test.want, result)
					if test.want == outOfReach {
						require.Less(w, took, int64(60_000))
					}
				})
			})
		}
	}
}

// A scenario whose listeners leave and come again is waited for.
func TestReadyWhoseListenersComeAgain(t *testing.T) {
	t.Parallel()
	for name, client := range rollCallClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(3)
				asks := p.vu(1)
				results := together(w, map[*vu]string{
					asks:    timed(client, `{ listeners: 6, timeout: '5m' }`),
					p.vu(1): listens(client, 2, "0", "5m"),
					p.vu(2): `const client = ` + client + `; for (let i = 0; i < 12; i++) { await client.listen({ connections: 2, duration: '10s' }); await sleep(3000); }`,
					p.vu(3): listens(client, 2, "120000", "5m"),
				})
				took, result := outcomeOf(results[asks])
				require.Equal(w, `{"ready":6,"deaf":0,"failed":0}`, result)
				require.GreaterOrEqual(w, took, int64(120_000))
			})
		})
	}
}

// Many rolls that are heard while listeners are coming leave one goroutine waiting for the last
// of these, not one each. It counts all goroutines, so no other test runs beside it.
func TestOnlyTheLatestAnswerIsRepeated(t *testing.T) {
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(2)
		asks, comes := p.vu(1), p.vu(2)
		repeating := -1
		time.AfterFunc(100*time.Second, func() {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			repeating = strings.Count(string(stacks), "(*answering).await(")
		})
		results := together(w, map[*vu]string{
			asks:  timed(readyClient, `{ listeners: 12, timeout: '5m' }`),
			comes: `await ` + readyClient + `.listen({ connections: 12, rate: 0.1, duration: '3m' })`,
		})
		took, result := outcomeOf(results[asks])
		require.Equal(w, `{"ready":12,"deaf":0,"failed":0}`, result)
		require.GreaterOrEqual(w, took, int64(110_000))
		require.Equal(w, 1, repeating)
	})
}
