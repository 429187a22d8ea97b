package pushgw

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/gateway"
)

func TestListenTellsWhatBecameOfItsConnections(t *testing.T) {
	t.Parallel()
	upgrades := 0
	welcomed := chat(func(*websocket.Conn, string) {})
	handler := chosen(func(*http.Request) http.Handler {
		switch upgrades++; upgrades {
		case 1:
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
		case 2:
			return sockets(func(socket *websocket.Conn, _ string) {
				_ = socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1013, ""), time.Time{})
			})
		default:
			return welcomed
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const began = Date.now();
			const result = await new apigw.Client('` + chatURL + `').listen({ connections: 4, rate: 1, duration: '10s' });
			return [Date.now() - began, JSON.stringify(result)];
		`)
		require.Equal(w, []any{int64(10_000), `{"opened":4,"ready":2,"failed":2,"unfinished":0,"received":0,"closed":1}`}, result)
		listener := []string{"gateway=apigw", "role=listener"}
		require.InDelta(w, 1, v.sum("pushgw_connect_failed", append(listener, "phase=upgrade", "status=429")...), 0)
		require.InDelta(w, 1, v.sum("pushgw_connect_failed", append(listener, "phase=handshake", "status=0")...), 0)
		require.ElementsMatch(w, []float64{0, 8000, 7000}, v.values("ws_session_duration", listener...))
		require.Equal(w, []float64{0, 0}, v.values("pushgw_ready_time", listener...))
	})
}

// One connection is held by default, until the gateway closes it or the test ends.
func TestListenUntilItIsStopped(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		began := time.Now()
		time.AfterFunc(90*time.Second, v.CancelContext)
		result := v.run(`return JSON.stringify(await new apigw.Client('` + chatURL + `').listen());`)
		require.Equal(w, `{"opened":1,"ready":1,"failed":0,"unfinished":0,"received":0,"closed":0}`, result)
		require.Equal(w, []float64{90_000}, v.values("ws_session_duration"))
		require.InDelta(w, 1, v.sum("pushgw_closed", "code=1000", "by=client"), 0)
		require.Equal(w, "ws_sessions", v.pushed[slices.IndexFunc(v.pushed, func(s metrics.Sample) bool {
			return s.Metric.Name == "ws_sessions" && s.Time.Sub(began) == 100*time.Millisecond
		})].Metric.Name, "samples are pushed at every tick")
	})
	simulateGateway(t, gateway.Config{Lifetime: time.Minute}, func(w *world) {
		result := w.vu().run(`return JSON.stringify(await new apigw.Client('` + chatURL + `').listen({ connections: 2 }));`)
		require.Equal(w, `{"opened":2,"ready":2,"failed":0,"unfinished":0,"received":0,"closed":2}`, result)
	})
}

// All clients of a host share one rate, the first that is used, of which a process takes
// its part of the test.
func TestListenOpensAtTheRateOfTheHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options, part string
		pause         time.Duration
	}{
		{`[{ connectRate: 2 }, { connectRate: 50 }]`, "", 500 * time.Millisecond},
		{`[{ connectRate: 2 }, { connectRate: 2 }]`, "0:1/4", 2 * time.Second},
		{`[{}, { connectRate: 0 }]`, "", 0},
	} {
		var upgrades []time.Time
		welcomed := chat(func(*websocket.Conn, string) {})
		handler := chosen(func(*http.Request) http.Handler {
			upgrades = append(upgrades, time.Now())
			return welcomed
		})
		simulate(t, handler, func(w *world) {
			var adapt []func(*lib.State)
			if c.part != "" {
				adapt = append(adapt, segment(w, c.part, ""))
			}
			w.vu(adapt...).run(`
				const listening = ` + c.options + `.map(async (options, i) => {
					await sleep(i);
					await new apigw.Client('` + chatURL + `', options).listen({ connections: 3, rate: i * 1000, duration: '1m' });
				});
				await Promise.all(listening);
			`)
			require.Len(w, upgrades, 6)
			for i, at := range upgrades[:5] {
				if next := upgrades[i+1].Sub(at); next != c.pause && c.pause > 0 || next > c.pause+time.Millisecond {
					w.Fatal(c.options, next)
				}
			}
		})
	}
}

func TestListenChecksItsOptions(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client('`+chatURL+`').listen(`, map[string]string{
		`{ connections: 0 }`: `listen(): option "connections" must be a number not below 1, not 0`,
		`{ rate: -0.1 }`:     `listen(): option "rate" must be a number not below 0, not -0.1`,
		`{ rate: 1e-5 }`:     `listen(): option "rate" is too small: 1e-05 a second is less than one a day`,
		`{ duration: 'x' }`:  `listen(): option "duration" must be a duration such as '5s' or a number of milliseconds, not x`,
		`{ time: 1 }`:        `listen(): unknown option "time"; known are connections, rate, duration, until`,
		`{ until: 'x' }`:     `listen(): option "until" must be one of broadcast, not "x"`,
	})
	simulate(t, nil, func(w *world) {
		f := w.vu().fails(`new appsync.Client('` + graphqlURL + `', { auth: { apiKey: 'k' } }).listen();`)
		require.Equal(w, failure{"UsageError", 0, `listen() needs the client's option "subscription" or "subscriptions"`}, f)
	})
}

// Broadcasts that others sent are dated by their own words.
func TestListenDatesOtherPeoplesBroadcasts(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, _ string) {
		reply(socket, fmt.Sprintf("room-%d", time.Now().Add(-1500*time.Millisecond).UnixMilli()))
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const options = { handshake: [{ send: 'hello' }], stampPattern: 'room-(\\d+)' };
			const { received } = await new apigw.Client('` + chatURL + `', options).listen({ duration: '1s' });
			return received;
		`)
		require.EqualValues(w, 1, result)
		require.Equal(w, []float64{1500}, v.values("ws_resp_delay", "origin=remote", "role=listener"))
		require.Equal(w, []float64{0}, v.values("pushgw_read_lag"))
	})
}
