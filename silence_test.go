package pushgw

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// setFaults has the local gateway do something wrong from now on.
func (w *world) setFaults(settings string) {
	w.Helper()
	transport := &http.Transport{DialContext: w.DialContext, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, "http://gateway.test/faults", strings.NewReader(settings))
	require.NoError(w, err)
	response, err := transport.RoundTrip(request)
	require.NoError(w, err)
	require.NoError(w, response.Body.Close())
	require.Equal(w, http.StatusOK, response.StatusCode)
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
