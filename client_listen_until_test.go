package pushgw

import (
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// Listeners of other processes don't wait for broadcasts whose publisher has given up.
func TestListenUntilABroadcastThatIsWithdrawn(t *testing.T) {
	t.Parallel()
	for dialect, client := range rollCallClients {
		for name, test := range map[string]struct {
			options string
			stopped time.Duration // zero for never
			least   int64
		}{
			"it takes too long": {`{ listeners: 9, timeout: '30s' }`, 0, 51_000},
			"it is stopped":     {`{ listeners: 9 }`, 20 * time.Second, 35_000},
			"out of reach":      {`{ listeners: 4 }`, 0, 31_000},
		} {
			t.Run(dialect+", "+name, func(t *testing.T) {
				t.Parallel()
				simulateGateway(t, gateway.Config{}, func(w *world) {
					p := w.processes(2)
					asks, listening := p.vu(1), p.vu(2)
					if test.stopped > 0 {
						time.AfterFunc(test.stopped, asks.CancelContext)
					}
					results := together(w, map[*vu]string{
						asks:      `await sleep(6000); await caught(() => ` + client + `.ready(` + test.options + `))`,
						p.vu(1):   `await ` + client + `.listen({ connections: 2, duration: '5s' })`,
						listening: untilBroadcast(client, "2"),
					})
					took, result := outcomeOf(results[listening])
					require.Equal(w, "2,0,0", result)
					require.GreaterOrEqual(w, took, test.least)
					require.LessOrEqual(w, took, test.least+20_000)
					require.InDelta(w, 1, listening.sum("pushgw_unclosed"), 0, "it has heard of no broadcast")
					require.Contains(w, strings.Join(listening.logged(logrus.WarnLevel), "\n"), "another process's ready() has ended without success")
				})
			})
		}
	}
}

// A publisher that waits in a loop finds its listeners where they were.
func TestListenUntilTheBroadcastAfterSeveralBarriers(t *testing.T) {
	t.Parallel()
	for name, client := range rollCallClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(3)
				own, other := p.vu(1), p.vu(2)
				results := together(w, map[*vu]string{
					p.vu(1): `
						const client = ` + client + `;
						while ((await caught(() => client.ready({ listeners: 6, timeout: '20s' }))).name === 'TimeoutError') {
							await sleep(200);
						}
						await client.broadcast({ count: 3 });`,
					own: untilBroadcast(client, "2"), other: untilBroadcast(client, "2"),
					p.vu(3): `await sleep(70000); await ` + client + `.listen({ connections: 2, until: 'broadcast', duration: '10m' })`,
				})
				for _, v := range []*vu{own, other} {
					took, result := outcomeOf(results[v])
					require.Equal(w, "2,6,0", result)
					require.GreaterOrEqual(w, took, int64(70_000))
				}
				require.Zero(w, other.sum("pushgw_unclosed"))
			})
		})
	}
}

// What one process withdraws another may yet do.
func TestListenUntilTheBroadcastOfAnotherProcess(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		p := w.processes(3)
		listening := p.vu(3)
		results := together(w, map[*vu]string{
			p.vu(1):   `await caught(() => ` + readyClient + `.ready({ listeners: 5, timeout: '20s' }))`,
			p.vu(2):   `const client = ` + readyClient + `; await sleep(5000); await client.ready({ listeners: 2 }); await sleep(60000); await client.broadcast({ count: 3 })`,
			listening: untilBroadcast(readyClient, "2"),
			p.vu(1):   `await ` + readyClient + `.listen({ duration: '30s' })`, p.vu(2): `await ` + readyClient + `.listen({ duration: '30s' })`,
		})
		_, result := outcomeOf(results[listening])
		require.Equal(w, "2,6,0", result)
	})
}

// Listeners of other processes end by themselves when a publisher has been silent for too long in
// the midst of its broadcasts, and what they may have lost counts.
func TestListenUntilAPublisherFallsSilent(t *testing.T) {
	t.Parallel()
	for dialect, client := range rollCallClients {
		for name, happens := range map[string]func(w *world, publishing *vu){
			"it is stopped": func(_ *world, publishing *vu) { publishing.CancelContext() },
			"all are deaf":  func(w *world, _ *vu) { w.setFaults(`{"drop":1}`) },
		} {
			t.Run(dialect+", "+name, func(t *testing.T) {
				t.Parallel()
				simulateGateway(t, gateway.Config{}, func(w *world) {
					p := w.processes(2)
					publishing, listening := p.vu(1), p.vu(2)
					time.AfterFunc(9500*time.Millisecond, func() { happens(w, publishing) })
					results := together(w, map[*vu]string{
						publishing: `const client = ` + client + `;
							await sleep(1000); // so that the first roll finds all listeners ready
							await client.ready({ listeners: 2 });
							await caught(() => client.broadcast({ count: 30, rate: 1, settle: '2s' }))`,
						listening: untilBroadcast(client, "2"),
					})
					took, result := outcomeOf(results[listening])
					require.Equal(w, "2,18,0", result)
					require.GreaterOrEqual(w, took, int64(99_000))
					require.Less(w, took, int64(110_000))
					require.InDelta(w, 1, listening.sum("pushgw_unclosed"), 0)
					require.Contains(w, strings.Join(listening.logged(logrus.WarnLevel), "\n"), "has fallen silent in the midst of its broadcasts")
				})
			})
		}
	}
}

// A publisher whose broadcasts are far apart is waited for.
func TestListenUntilASlowPublisherHasDone(t *testing.T) {
	t.Parallel()
	for dialect, client := range rollCallClients {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(2)
				publishing, listening := p.vu(1), p.vu(2)
				results := together(w, map[*vu]string{
					publishing: `const client = ` + client + `;
						await client.ready({ listeners: 2 });
						await client.broadcast({ count: 3, rate: 0.005, settle: '2s' })`,
					listening: untilBroadcast(client, "2"),
				})
				took, result := outcomeOf(results[listening])
				require.Equal(w, "2,6,0", result)
				require.GreaterOrEqual(w, took, int64(400_000))
				require.Zero(w, listening.sum("pushgw_unclosed"))
				require.Zero(w, listening.sum("pushgw_lost", "origin=remote"))
				require.NotContains(w, strings.Join(listening.logged(logrus.WarnLevel), "\n"), "silent")
			})
		})
	}
}
