package pushgw

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// segment is a process's part of a test, as --execution-segment and
// --execution-segment-sequence have it.
func segment(w *world, part, sequence string) func(*lib.State) {
	w.Helper()
	var options lib.Options
	var err error
	options.ExecutionSegment, err = lib.NewExecutionSegmentFromString(part)
	require.NoError(w, err)
	if sequence != "" {
		parts, err := lib.NewExecutionSegmentSequenceFromString(sequence)
		require.NoError(w, err)
		options.ExecutionSegmentSequence = &parts
	}
	return func(state *lib.State) {
		state.Options.ExecutionSegment = options.ExecutionSegment
		state.Options.ExecutionSegmentSequence = options.ExecutionSegmentSequence
	}
}

const readyClient = `new apigw.Client('` + chatURL + `')`

// ready() goes on as soon as there are enough listeners, and not before.
func TestReadyWaitsForEnough(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options string
		enough  int
	}{
		{`{ listeners: 1 }`, 1},
		{`{ listeners: 10 }`, 10},
		{`{ listeners: 10, quorum: 1 }`, 10},
		{`{ listeners: 10, quorum: 0.9 }`, 9},
		{`{ listeners: 10, quorum: 0.91 }`, 10},
		{`{ listeners: 10, quorum: 0.7 }`, 7}, // 10 * 0.7 is more than 7 in floating point
		{`{ listeners: 100, quorum: 0.29 }`, 29},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			simulate(t, chat(nil), func(w *world) {
				go func() {
					for range c.enough {
						time.Sleep(time.Second)
						w.listeners(chatAudience, 1)
					}
				}()
				result := w.vu().run(`
					const began = Date.now();
					const result = await ` + readyClient + `.ready(Object.assign(` + c.options + `, { timeout: '1h' }));
					return [Date.now() - began, JSON.stringify(result)];
				`)
				require.Equal(w, []any{int64(c.enough) * 1000, fmt.Sprintf(`{"ready":%d,"deaf":0,"failed":0}`, c.enough)}, result)
			})
		})
	}
}

// A quorum of nothing is there from the beginning.
func TestReadyWithoutQuorum(t *testing.T) {
	t.Parallel()
	simulate(t, chat(nil), func(w *world) {
		result := w.vu().run(`return JSON.stringify(await ` + readyClient + `.ready({ listeners: 5, quorum: 0 }));`)
		require.Equal(w, `{"ready":0,"deaf":0,"failed":0}`, result)
	})
}

// After its timeout, a minute by default, ready() says how the listeners stand.
func TestReadyThatTakesTooLong(t *testing.T) {
	t.Parallel()
	for options, c := range map[string]struct{ took, text string }{
		`{ listeners: 10 }`: {"1m0s", "of 10 listeners 2 are ready, 1 connecting, 1 failed, 1 left, 0 deaf"},
		`{ listeners: 10, quorum: 0.5, timeout: '2500ms'}`: {"2.5s", "of 5 listeners 2 are ready, 1 connecting, 1 failed, 1 left, 0 deaf"},
		`{ listeners: 2, timeout: '30s', canary: true }`:   {"30s", "of 2 listeners 1 are ready, 1 connecting, 1 failed, 1 left, 1 deaf"},
	} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			simulateCanaries(t, func(w *world, heard func(f func(text string))) {
				members := w.listeners(chatAudience, 3)
				members[2].Leave(ledger.Local)
				w.enter(chatAudience)
				w.enter(chatAudience).Fail(errors.New("refused"))
				heard(func(text string) { w.delivers(members[0], text, 0) })
				v := w.vu()
				began := time.Now()
				f := v.fails(`await ` + readyClient + `.ready(` + options + `);`)
				require.Equal(w, failure{"TimeoutError", 0, "ready(): after " + c.took + ", " + c.text + "; the first failed because: refused"}, f)
				if limit, err := time.ParseDuration(c.took); err != nil || time.Since(began) != limit {
					w.Fatal(time.Since(began))
				}
			})
		})
	}
}

// simulateCanaries runs f in a world whose chat hands on what is broadcast.
func simulateCanaries(t *testing.T, f func(w *world, heard func(f func(text string)))) {
	t.Helper()
	var said func(text string)
	simulate(t, chat(func(_ *websocket.Conn, text string) { said(text) }), func(w *world) {
		f(w, func(f func(text string)) { said = f })
	})
}

func TestReadyThatIsStopped(t *testing.T) {
	t.Parallel()
	for _, canary := range []string{"false", "true"} {
		t.Run(canary, func(t *testing.T) {
			t.Parallel()
			simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
				w.listeners(chatAudience, 1)
				v := w.vu()
				time.AfterFunc(5*time.Second, v.CancelContext)
				require.Equal(w, failure{"ClosedError", 0, "the iteration was stopped"},
					v.fails(`await `+readyClient+`.ready({ listeners: 1, canary: `+canary+`, quorum: 1 });
						await `+readyClient+`.ready({ listeners: 2, canary: `+canary+` });`))
			})
		})
	}
}

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

func TestReadyChecksItsOptions(t *testing.T) {
	t.Parallel()
	requireThrows(t, readyClient+`.ready(`, map[string]string{
		``:                               `ready(): option "listeners" is missing: how many are to be waited for?`,
		`{ quorum: 0.5 }`:                `ready(): option "listeners" is missing: how many are to be waited for?`,
		`{ listeners: 0 }`:               `ready(): option "listeners" must be a number not below 1, not 0`,
		`{ listeners: 1, quorum: 1.01 }`: `ready(): option "quorum" must be a share from 0 to 1, not 1.01`,
		`{ listeners: 1, quorum: -0.5 }`: `ready(): option "quorum" must be a number not below 0, not -0.5`,
		`{ listeners: 1, canary: 1 }`:    `ready(): option "canary" must be true or false, not a number`,
		`{ listeners: 1, wait: 1 }`:      `ready(): unknown option "wait"; known are listeners, quorum, timeout, canary, audience, message`,
	})
	simulate(t, chat(nil), func(w *world) {
		f := w.vu().fails(`new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' } }).ready({ listeners: 1, canary: true });`)
		require.Equal(w, failure{"UsageError", 0, `ready() with canary needs the client's option "mutation"`}, f)
	})
	simulate(t, chat(nil), func(w *world) {
		other := segment(w, "1/3:2/3", "0,1/2,1")
		f := w.vu(other).fails(readyClient + `.ready({ listeners: 1 });`)
		require.Equal(w, "InternalError", f.name)
	})
}

// fail enters listeners that failed into the audience.
func (w *world) fail(audience ledger.Name, n int, cause error) {
	for range n {
		w.enter(audience).Fail(cause)
	}
}

// A barrier that can't be reached any more says so, and why, long before its timeout.
func TestReadyThatIsOutOfReach(t *testing.T) {
	t.Parallel()
	refused := &wire.DialError{Phase: wire.PhaseUpgrade, Host: "gateway.test", Status: 429}
	for name, c := range map[string]struct {
		options string
		happens func(w *world)
		want    failure
	}{
		"all failed": {
			`{ listeners: 3 }`, func(w *world) { w.fail(chatAudience, 1, refused); w.fail(chatAudience, 2, errors.New("else")) },
			failure{"ConnectError", 429, "ready(): of 3 listeners 0 are ready, and no more can be: 3 failed, 0 were cut off; " +
				"the first failed because: gateway.test refused the WebSocket upgrade with status 429 Too Many Requests"},
		},
		"all were cut off": {
			`{ listeners: 2 }`, func(w *world) {
				for _, member := range w.listeners(chatAudience, 2) {
					member.Leave(ledger.Cut)
				}
			},
			failure{"ConnectError", 0, "ready(): of 2 listeners 0 are ready, and no more can be: 0 failed, 2 were cut off"},
		},
		"too many failed": {
			`{ listeners: 4, quorum: 0.75 }`, func(w *world) { w.listeners(chatAudience, 2); w.fail(chatAudience, 2, refused) },
			failure{"ConnectError", 429, "ready(): of 3 listeners 2 are ready, and no more can be: 2 failed, 0 were cut off; " +
				"the first failed because: gateway.test refused the WebSocket upgrade with status 429 Too Many Requests"},
		},
		"the handshake failed": {
			`{ listeners: 1, canary: true }`, func(w *world) {
				w.fail(chatAudience, 1, &wire.DialError{Phase: wire.PhaseHandshake, Host: "h", Err: &dialect.Error{Name: "Forbidden", Code: 7}})
			},
			failure{"HandshakeError", 7, "ready(): of 1 listeners 0 are ready, and no more can be: 1 failed, 0 were cut off; " +
				"the first failed because: connecting to h failed (handshake): Forbidden"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
				began := time.Now()
				c.happens(w)
				require.Equal(w, c.want, w.vu().fails(`await `+readyClient+`.ready(Object.assign(`+c.options+`, { timeout: '1h' }))`))
				require.Equal(w, time.Second, time.Since(began))
			})
		})
	}
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

// A scenario that calls listen() again and again may yet succeed, and so may one that
// hasn't begun.
func TestReadyThatIsWithinReach(t *testing.T) {
	t.Parallel()
	attempts := 0
	welcome := chat(func(*websocket.Conn, string) {})
	handler := chosen(func(*http.Request) http.Handler {
		if attempts++; attempts <= 20 {
			return http.NotFoundHandler()
		}
		return welcome
	})
	simulate(t, handler, func(w *world) {
		result := w.vu().run(`
			const client = ` + readyClient + `;
			const listening = (async () => {
				for (let ready = 0; !ready;) {
					({ ready } = await client.listen({ connections: 2, duration: '10m' }));
					await sleep(900); // as an iteration may take
				}
			})();
			const result = JSON.stringify(await client.ready({ listeners: 2, timeout: '1h' }));
			await listening;
			return result;
		`)
		require.Equal(w, `{"ready":2,"deaf":0,"failed":20}`, result)
	})
	simulate(t, chat(nil), func(w *world) {
		w.fail(chatAudience, 2, errors.New("refused"))
		time.AfterFunc(time.Minute, func() { w.listeners(chatAudience, 3) })
		require.Equal(w, `{"ready":3,"deaf":0,"failed":2}`,
			w.vu().run(`return JSON.stringify(await `+readyClient+`.ready({ listeners: 3, timeout: '1h' }))`))
	})
	simulate(t, chat(nil), func(w *world) {
		w.fail(chatAudience, 4, errors.New("refused"))
		for i := range 4 {
			time.AfterFunc(time.Duration(i)*900*time.Millisecond, func() {
				w.enter(chatAudience).Ready(nil)
			})
		}
		require.Equal(w, `{"ready":2,"deaf":0,"failed":4}`,
			w.vu().run(`return JSON.stringify(await `+readyClient+`.ready({ listeners: 2, timeout: '1h' }))`))
	})
}

// What happens meanwhile, but for a call that may bring more listeners, is no reason to
// wait for longer.
func TestReadyThatStaysOutOfReach(t *testing.T) {
	t.Parallel()
	simulate(t, chat(nil), func(w *world) {
		w.fail(chatAudience, 9, errors.New("refused"))
		for i, member := range w.listeners(chatAudience, 8) {
			time.AfterFunc(time.Duration(i)*300*time.Millisecond, func() { member.Leave(ledger.Local) })
		}
		began := time.Now()
		f := w.vu().fails(`await ` + readyClient + `.ready({ listeners: 9, timeout: '1h' })`)
		require.Contains(w, f.message, "ready(): of 9 listeners 4 are ready, and no more can be: 9 failed, 0 were cut off")
		require.Equal(w, time.Second, time.Since(began))
	})
}

// A listener that is still connecting, or yet to be dialled, is waited for.
func TestReadyWaitsForThePlanned(t *testing.T) {
	t.Parallel()
	simulate(t, chat(nil), func(w *world) {
		roster := w.roster(chatAudience)
		w.fail(chatAudience, 2, errors.New("refused"))
		planned := roster.Plan(2)
		time.AfterFunc(time.Minute, func() {
			member := planned.Enter()
			time.AfterFunc(time.Minute, func() { member.Ready(nil) })
			planned.Cancel()
		})
		began := time.Now()
		f := w.vu().fails(`await ` + readyClient + `.ready({ listeners: 2, timeout: '1h' })`)
		require.Equal(w, "ready(): of 2 listeners 1 are ready, and no more can be: 2 failed, 0 were cut off; the first failed because: refused", f.message)
		require.Equal(w, "InternalError", f.name, "as what is no error of a connection is")
		require.Equal(w, 2*time.Minute+time.Second, time.Since(began))
	})
}

// A barrier that failed changes nothing of what is expected of the listeners.
func TestBroadcastAfterABarrierThatFailed(t *testing.T) {
	t.Parallel()
	for _, audience := range []string{``, `, audience: 'Room1'`} {
		simulateCanaries(t, func(w *world, heard func(func(string))) {
			members := w.listeners(chatAudience, 3)
			heard(func(text string) {
				if s, _, _, _ := stamp.Find([]byte(text)); !s.Canary {
					for _, m := range members {
						w.delivers(m, text, 0)
					}
				}
			})
			result := w.vu().run(`
				const client = ` + readyClient + `;
				const { name } = await caught(() => client.ready({ listeners: 3, canary: true, timeout: '3s'` + audience + ` }));
				const { expected, received, indeterminate } = await client.broadcast();
				return [name, expected, received, indeterminate];
			`)
			require.Equal(w, []any{"TimeoutError", int64(3), int64(3), int64(0)}, result)
		})
	}
}

// Where all listeners have left, or nobody is in the audience though all have been tried, there is
// nothing to wait for.
func TestReadyForNobody(t *testing.T) {
	t.Parallel()
	left := func(w *world) {
		for i, member := range w.listeners(chatAudience, 3) {
			member.Leave([]ledger.Departure{ledger.Cut, ledger.Local, ledger.Local}[i])
		}
	}
	others := func(w *world) { w.listeners(chatAudience, 3) }
	for name, c := range map[string]struct {
		options string
		happens func(w *world)
		took    time.Duration
		want    string
	}{
		"all have left": {
			`{ listeners: 3 }`, left, time.Second,
			`ready(): of 3 listeners 0 are ready, and no more can be: 0 failed, 1 were cut off, 2 left`,
		},
		"all have left, to whom canaries were to be sent": {
			`{ listeners: 3, canary: true }`, left, time.Second,
			`ready(): of 3 listeners 0 are ready, and no more can be: 0 failed, 1 were cut off, 2 left`,
		},
		"nobody is in the audience": {
			`{ listeners: 2, audience: 'ZZZ' }`, others, 10 * time.Second,
			`ready(): of 2 listeners 0 are ready, and no more can be: 0 failed, 0 were cut off; ` +
				`no listener is in the audience "ZZZ"; listeners of this process are ready in "Room1"`,
		},
		"nobody is in the audience any more": {
			`{ listeners: 2, audience: 'Room1' }`, left, 10 * time.Second,
			`ready(): of 2 listeners 0 are ready, and no more can be: 0 failed, 1 were cut off`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, chat(nil), func(w *world) {
				c.happens(w)
				began := time.Now()
				require.Equal(w, failure{"ConnectError", 0, c.want},
					w.vu().fails(`await `+readyClient+`.ready(Object.assign(`+c.options+`, { timeout: '1h' }))`))
				require.Equal(w, c.took, time.Since(began))
			})
		})
	}
}

// As long as listeners come, one may yet be in the audience.
func TestReadyForAnAudienceThatIsYetToCome(t *testing.T) {
	t.Parallel()
	comes := func(w *world, in ledger.Name) {
		l := w.roster(chatAudience).Enter()
		l.Join(w.process.ledger.Audience(in))
		l.Ready(nil)
	}
	simulate(t, chat(nil), func(w *world) {
		for i := range 5 {
			time.AfterFunc(time.Duration(i)*9*time.Second, func() { comes(w, chatRoom("R"+fmt.Sprint(i))) })
		}
		require.Equal(w, `{"ready":1,"deaf":0,"failed":0}`,
			w.vu().run(`return JSON.stringify(await `+readyClient+`.ready({ listeners: 1, audience: 'R4', timeout: '1h' }))`))
	})
	simulate(t, chat(nil), func(w *world) {
		comes(w, chatAudience)
		slow := w.process.ledger.Roster("another client's").Enter()
		slow.Join(w.process.ledger.Audience(chatRoom("R4")))
		time.AfterFunc(30*time.Second, func() { slow.Ready(nil) })
		require.Equal(w, `{"ready":1,"deaf":0,"failed":0}`,
			w.vu().run(`return JSON.stringify(await `+readyClient+`.ready({ listeners: 1, audience: 'R4', timeout: '1h' }))`))
	})
}

// When other clients' listeners have failed, none of them comes either.
func TestReadyForAnAudienceThatNeverCame(t *testing.T) {
	t.Parallel()
	simulate(t, chat(nil), func(w *world) {
		w.listeners(chatAudience, 1)
		slow := w.process.ledger.Roster("another client's").Enter()
		time.AfterFunc(35*time.Second, func() { slow.Fail(errors.New("refused")) })
		began := time.Now()
		f := w.vu().fails(`await ` + readyClient + `.ready({ listeners: 1, audience: 'R4', timeout: '1h' })`)
		require.Contains(w, f.message, `no listener is in the audience "R4"`)
		require.Equal(w, 50*time.Second, time.Since(began))
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
