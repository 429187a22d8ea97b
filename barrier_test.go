package pushgw

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

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

// After a panic of ready(), listeners that wait for broadcasts aren't held for its sake.
func TestReadyThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		audience, finale := ledger.New().Audience(ledger.Name{Key: "Room1"}), ledger.NewFinale()
		finale.Watch(audience)
		b := &barrier{audience: audience}
		require.Panics(t, func() { _, _ = b.run(t.Context(), nil) })
		time.Sleep(time.Minute)
		require.True(t, finale.Over(time.Now()))
	})
}
