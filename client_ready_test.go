package pushgw

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/result"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

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
				w.process.telemetry.Results = result.NewCollector()
				v := w.vu()
				began := time.Now()
				f := v.fails(`await ` + readyClient + `.ready(` + options + `);`)
				require.Equal(w, []string{f.message}, w.process.telemetry.Results.Snapshot().Barriers)
				require.Equal(w, failure{"TimeoutError", 0, "ready(): after " + c.took + ", " + c.text + "; the first failed because: refused"}, f)
				if limit, err := time.ParseDuration(c.took); err != nil || time.Since(began) != limit {
					w.Fatal(time.Since(began))
				}
			})
		})
	}
}

func TestReadyThatIsStopped(t *testing.T) {
	t.Parallel()
	for _, canary := range []string{"false", "true"} {
		t.Run(canary, func(t *testing.T) {
			t.Parallel()
			simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
				w.process.telemetry.Results = result.NewCollector()
				w.listeners(chatAudience, 1)
				v := w.vu()
				time.AfterFunc(5*time.Second, v.CancelContext)
				require.Equal(w, failure{"ClosedError", 0, "the iteration was stopped"},
					v.fails(`await `+readyClient+`.ready({ listeners: 1, canary: `+canary+`, quorum: 1 });
						await `+readyClient+`.ready({ listeners: 2, canary: `+canary+` });`))
				require.Empty(w, w.process.telemetry.Results.Snapshot().Barriers, "nobody knows what would have come of it")
			})
		})
	}
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
