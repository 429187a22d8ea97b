package pushgw

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
)

// outcome is a script's result of a listen() and a broadcast() that ran together.
type outcome struct {
	Took     int64 // of the broadcast, in ms
	Name     string
	Message  string
	Result   map[string]float64
	Listened map[string]int
}

// broadcastTo has ten listeners, and sends them 60 broadcasts in twelve seconds. At 5.01
// seconds it does what disaster says, while the 26th is on its way.
func broadcastTo(w *world, client string, disaster func()) (*vu, outcome) {
	w.Helper()
	v := w.vu()
	require.NoError(w, v.VU.Runtime().Set("disaster", func() { time.AfterFunc(5010*time.Millisecond, disaster) }))
	text, _ := v.run(`
		const client = ` + client + `;
		const listening = client.listen({ connections: 10, duration: '5m' });
		await client.ready({ listeners: 10 });
		await sleep(1000);
		const began = Date.now();
		disaster();
		const { returned, name, message } = await caught(() => client.broadcast({ count: 60, rate: 5 }));
		const took = Date.now() - began;
		const listened = await listening;
		return JSON.stringify({ took, name, message, result: returned, listened });
	`).(string)
	var o outcome
	require.NoError(w, json.Unmarshal([]byte(text), &o))
	return v, o
}

// A gateway that dies during broadcast() is seen to: what was on its way is lost, what
// was planned is unsent, the log names the cause, and nobody waits for the rest.
func TestBroadcastWhoseGatewayDies(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		v, o := broadcastTo(w, `new apigw.Client('`+chatURL+`')`, w.kill)
		require.Equal(w, map[string]float64{
			"planned": 60, "sent": 26, "unsent": 34, "expected": 260, "received": 250, "lost": 10,
			"missed": 0, "late": 0, "duplicated": 0, "reordered": 0, "indeterminate": 0,
			"first": 30, "p50": 30, "p99": 30, "last": 30,
		}, o.Result)
		require.Less(w, o.Took, int64(6000), "the schedule had seven seconds left")
		require.Equal(w, map[string]int{"opened": 10, "ready": 10, "failed": 0, "unfinished": 0, "received": 250, "closed": 10}, o.Listened)
		host := []string{"gateway=apigw", "role=host"}
		require.Equal(w, []float64{10}, v.values("pushgw_lost", append(host, "cause=cut")...))
		require.Equal(w, []float64{0}, v.values("pushgw_lost", append(host, "cause=missing")...))
		require.Equal(w, []float64{34}, v.values("pushgw_unsent", host...))
		require.Equal(w, []float64{0}, v.values("pushgw_missed", host...))
		require.InDelta(w, 11, v.sum("pushgw_closed", "by=gateway", "code=1006"), 0)
		require.Zero(w, v.sum("pushgw_closed", "by=client"))
		require.Len(w, v.values("pushgw_reach"), 260)
		require.InDelta(w, 250, v.sum("pushgw_reach"), 0)
		warnings := v.logged(logrus.WarnLevel)
		require.Len(w, warnings, 3)
		require.Regexp(w, `^pushgw: the gateway closed a connection after [56]\.01s with code 1006 \(.*\); only the first such is logged, pushgw_closed counts all$`, warnings[0])
		require.Equal(w, "pushgw: deliveries are lost, at first 10 of 10, because the gateway or the network ended the listener's connection first "+
			"(only the first such are logged, pushgw_lost{cause:cut} counts all)", warnings[1])
		require.Equal(w, "pushgw: 34 of 60 planned broadcasts were not sent, the latest because: the connection was closed with code 1006 "+
			"(only the first such broadcast() is logged, pushgw_unsent counts all)", warnings[2])
		require.Len(w, v.logged(logrus.ErrorLevel), 1)
	})
}

// AppSync's mutations fail one by one, because it may come back.
func TestBroadcastWhoseAppSyncDies(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		v, o := broadcastTo(w, appSyncClient, w.kill)
		require.InDelta(w, 26, o.Result["sent"], 0)
		require.InDelta(w, 34, o.Result["unsent"], 0)
		require.InDelta(w, 260, o.Result["expected"], 0)
		require.InDelta(w, 10, o.Result["lost"], 0)
		require.Zero(w, o.Result["missed"], "what wasn't sent nobody has missed")
		require.InDelta(w, 10, v.sum("pushgw_lost", "cause=cut"), 0)
		require.InDelta(w, 34, v.sum("pushgw_unsent"), 0)
		require.Equal(w, 10, o.Listened["closed"])
		require.Contains(w, v.logged(logrus.WarnLevel)[0], "the gateway closed a connection after")
		require.Equal(w, []string{"pushgw: a broadcast could not be sent (only the first of a broadcast() is logged, pushgw_unsent counts all)"}, v.logged(logrus.ErrorLevel))
	})
}

// Mutations may go on to succeed while nobody is there to hear of them.
func TestBroadcastWhoseSubscriptionsAreCut(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		v, o := broadcastTo(w, appSyncClient, w.cut)
		for name, want := range map[string]float64{"sent": 60, "unsent": 0, "expected": 260, "received": 250, "lost": 10, "missed": 340} {
			require.InDelta(w, want, o.Result[name], 0, name)
		}
		require.Equal(w, slices.Repeat([]float64{10}, 34), v.values("pushgw_missed", "gateway=appsync", "role=host"))
		require.InDelta(w, 10, v.sum("pushgw_lost", "cause=cut"), 0)
		require.Contains(w, v.logged(logrus.WarnLevel), "pushgw: broadcasts went out while listeners of this test were cut off, "+
			"at first 10 deliveries that nobody was there for (only the first such are logged, pushgw_missed counts all)")
		require.Contains(w, v.logged(logrus.WarnLevel), "pushgw: nobody was expected to hear broadcasts, at first 1 of 1, because no listener of this process was ready; "+
			"what listeners of other processes lose is in the accounts of these")
	})
}

// Listeners that come back, and those whose time is over, miss nothing.
func TestBroadcastAfterListenersCameBack(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(0), func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("cut", w.cut))
		result := v.run(`
			const client = ` + appSyncClient + `;
			const first = client.listen({ connections: 3 });
			await client.ready({ listeners: 3 });
			cut();
			await first;
			const missed = [(await client.broadcast()).missed];
			const second = client.listen({ connections: 2, duration: '10m' });
			await client.ready({ listeners: 2 });
			missed.push((await client.broadcast()).missed);
			await second;
			missed.push((await client.broadcast()).missed);
			return missed;
		`)
		require.Equal(w, []any{int64(3), int64(1), int64(0)}, result)
	})
}

// A host that is closed is noticed at once, however many broadcasts are planned.
func TestBroadcastOfAClosedHost(t *testing.T) {
	t.Parallel()
	for plan, disaster := range map[string]func(socket *websocket.Conn){
		`{ count: 1e9, rate: 0 }`:    func(socket *websocket.Conn) { _ = socket.Close() },
		`{ count: 1e9, rate: 1e-4 }`: func(socket *websocket.Conn) { _ = socket.Close() },
		`{ count: 9, rate: 1 }`: func(socket *websocket.Conn) {
			_ = socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "bye"), time.Time{})
		},
	} {
		simulate(t, chat(func(socket *websocket.Conn, _ string) { disaster(socket) }), func(w *world) {
			v := w.vu()
			began := time.Now()
			result := v.run(`
				const client = new apigw.Client('` + chatURL + `');
				const { planned, sent, unsent } = await client.broadcast(` + plan + `);
				return [planned - sent - unsent, sent < 100_000, unsent > 0]; // what the network takes before it says so
			`)
			require.Equal(w, []any{int64(0), true, true}, result, plan)
			require.Less(w, time.Since(began), 2*time.Second)
			require.Equal(w, []float64{1, 1, 1, 0}, v.values("ResponseSuccessRate"), "the upgrade, the nickname, the room, and one failure")
			require.Len(w, v.logged(logrus.ErrorLevel), 1)
		})
	}
	simulate(t, chat(nil), func(w *world) {
		v := w.vu()
		require.Equal(w, failure{"PublishError", 0, "the connection was closed with code 1000"}, v.fails(`
			const host = await new apigw.Client('`+chatURL+`').connect();
			await host.close();
			await host.broadcast({ count: 1e9 });
		`))
		require.InDelta(w, 1e9, v.sum("pushgw_unsent"), 0)
	})
}

// What couldn't even be begun is unsent.
func TestBroadcastWithoutAHost(t *testing.T) {
	t.Parallel()
	simulate(t, http.NotFoundHandler(), func(w *world) {
		v := w.vu()
		f := v.fails(`await new apigw.Client('` + chatURL + `').broadcast({ count: 7 })`)
		require.Equal(w, "ConnectError", f.name)
		require.EqualValues(w, 404, f.code)
		require.Equal(w, []float64{7}, v.values("pushgw_unsent", "role=host"))
		require.Equal(w, []float64{0}, v.values("pushgw_lost", "cause=cut"))
	})
}

// Where the same request would fail again, there is no second one; where it might not,
// there is, but not at once.
func TestBroadcastThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		again   bool
		message string
	}{
		"a wrong path": {
			404, "404 page not found\n", false,
			"Other: gateway.test answered POST /graphql with status 404: what came is not JSON: 404 page not found",
		},
		"a wrong method":     {405, `{"errors":[{"message":"m"}]}`, false, "Validation: gateway.test answered POST /graphql with status 405: m"},
		"no key":             {403, `{"message":"Forbidden"}`, false, "Other: gateway.test answered POST /graphql with status 403: Forbidden"},
		"no token":           {401, `{"message":"No"}`, false, "Other: gateway.test answered POST /graphql with status 401: No"},
		"a refused key":      {401, `{"errors":[{"errorType":"UnauthorizedException","message":"No"}]}`, false, "Unauthorized: No"},
		"an invalid query":   {200, `{"errors":[{"message":"Validation error"}]}`, false, "Validation: Validation error"},
		"a throttled API":    {429, `{"errors":[{"errorType":"LimitExceededException","message":"m"}]}`, true, "LimitExceeded: m"},
		"a busy gateway":     {503, ``, true, "Other: gateway.test answered POST /graphql with status 503: its body is empty"},
		"a failing resolver": {200, `{"errors":[{"message":"m","path":["a"]}],"data":null}`, true, "Validation: m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			simulate(t, graphql(func(string) (int, string) { requests++; return c.status, c.body }), func(w *world) {
				v := w.vu()
				time.AfterFunc(time.Minute, v.CancelContext)
				f := v.fails(`await ` + appSyncClient + `.broadcast({ count: 1e9 })`)
				require.Equal(w, c.message, f.message)
				require.Equal(w, "PublishError", f.name)
				if c.again {
					require.Greater(w, requests, 10)
					require.Less(w, requests, 40)
				} else {
					require.Equal(w, 1, requests)
				}
				require.InDelta(w, 1e9, v.sum("pushgw_unsent"), 0)
			})
		})
	}
}
