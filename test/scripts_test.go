package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// TestSmoke: it needs no gateway, and would notice a k6 without the extension.
func TestSmoke(t *testing.T) {
	t.Parallel()
	o := k6(t, "smoke.js")
	o.requireClean(t)
	require.Equal(t, 1, o.count("iterations"))
}

func TestConnectionToAPIGateway(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/apigw-connection.js", serve(t).env()...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"checks": 6, "ws_sessions": 2, "nickname_counter": 2, "joined_success_counter role=host": 3,
		"ws_msgs_sent":         2 + 2 + 1 + 1 + 1 + 1, // nicknames, joins, hello, /room, join, /room
		"pushgw_closed":        2,
		"msg_received_counter": 0,
	})
}

func TestErrorsOfAPIGateway(t *testing.T) {
	t.Parallel()
	g := serve(t)
	o := k6(t, "scripts/apigw-errors.js", g.env("FAULTS_URL=http://"+g.address+"/faults")...)
	require.Zero(t, o.exit)
	require.Len(t, o.log, 3)
	require.Contains(t, o.log[0], `sent a host an error frame (InternalServerError: "Internal server error")`)
	require.Contains(t, o.log[1], "nobody was expected to hear broadcasts, at first 1 of 1")
	require.Contains(t, o.log[2], "with code 1001")
	o.requireCounts(t, map[string]int{"checks": 3, "pushgw_errors": 1, "pushgw_closed code=1001 by=gateway": 1})
}

func TestConnectionToAppSync(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/appsync-connection.js", serve(t).env("API_KEY="+gateway.APIKey)...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{"checks": 6, "ws_sessions": 1, "subscribed_success_counter": 2, "http_reqs status=200": 3})
}

func TestOwnHandshake(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/handshake.js", serve(t).env()...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{"named": 4, "joined": 4, "nickname_counter": 0, "msg_received_counter": 6})
	said := o.said(t, 2)
	requireAccount(t, said[0], 3, 2)
	require.JSONEq(t, `{"opened":3,"ready":3,"failed":0,"unfinished":0,"received":6,"closed":0}`, said[1].Raw)
}

// TestInterruptedVUs: what a VU saw before k6 stopped it is counted all the same.
func TestInterruptedVUs(t *testing.T) {
	t.Parallel()
	g := serve(t)
	o := k6(t, "scripts/interrupted.js", g.env("API_KEY="+gateway.APIKey)...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"joined_success_counter role=listener": 5, "subscribed_success_counter": 10,
		"msg_received_counter scenario=rampedDown": 20, "msg_received_counter scenario=timeUp": 30,
		"ws_sessions role=listener": 15, "ws_sessions role=host": 2,
		"pushgw_closed code=1000 by=client": 17,
	})
	require.Equal(t, 17, o.observed("ws_session_duration"))
	require.Equal(t, 0, g.stats(t).APIGateway.Open)
}

// TestInterruptedPublisher: nobody can know what becomes of deliveries that the end of a
// scenario cuts off. They are indeterminate, and no failure of the gateway's; nor is the
// mutation under way, of which nobody knows whether it was published.
func TestInterruptedPublisher(t *testing.T) {
	t.Parallel()
	const listeners = 10
	g := serve(t, "--delay=300ms") // so the last broadcasts of a scenario are under way when it ends
	o := k6(t, written(t, fmt.Sprintf(`
		const api = new appsync.Client(__ENV.APPSYNC_URL, {
			auth: { apiKey: __ENV.API_KEY },
			subscription: { query: 'subscription { onCreateRoom { title } }' },
			mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
		});
		export const options = { scenarios: {
			subscriber: { executor: 'per-vu-iterations', exec: 'subscriber' },
			publisher: { executor: 'per-vu-iterations', exec: 'publisher', maxDuration: '5s', gracefulStop: '0s' },
		} };
		export const subscriber = () => api.listen({ connections: %d, duration: '8s' });
		export async function publisher() {
			await api.ready({ listeners: %[1]d });
			await api.broadcast({ count: 1e6 });
		}`, listeners)), g.env("API_KEY="+gateway.APIKey)...)
	require.Equal(t, o.observed("ResponseSuccessRate"), o.count("ResponseSuccessRate"))
	for _, line := range o.log {
		require.NotContains(t, line, "could not be sent")
	}
	require.Zero(t, o.count("pushgw_errors", "error=ClockSkew"), "a gateway that is slow says nothing about a clock")
	received, indeterminate := o.count("pushgw_reach"), o.count("pushgw_indeterminate")
	require.Equal(t, received, o.observed("pushgw_reach"), "none is lost")
	require.Zero(t, o.count("pushgw_lost"))
	require.NotZero(t, received)
	require.NotZero(t, indeterminate)
	sent, due := g.stats(t).AppSync.Totals.Broadcasts, received+indeterminate
	require.Contains(t, []int64{sent, sent + 1}, int64(due/listeners), "the last may not have come to be sent")
	require.Zero(t, due%listeners)
}

// TestAbortedTest: the same where the script itself ends the test.
func TestAbortedTest(t *testing.T) {
	t.Parallel()
	const aborted = 108
	o := k6(t, "scripts/abort.js", serve(t).env()...)
	require.Equal(t, aborted, o.exit)
	o.requireCounts(t, map[string]int{"ws_sessions role=listener": 10, "msg_received_counter": 30, "pushgw_closed": 11})
	require.Equal(t, 11, o.observed("ws_session_duration"))
}

func TestThrowingHandler(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/thrown.js", serve(t).env()...)
	require.Contains(t, o.complaint(t), "thrown by a handler")
	o.requireCounts(t, map[string]int{"ws_sessions": 1, "pushgw_closed code=1000 by=client": 1})
}

// TestSlowHandler: messages that a script is slow to handle don't keep it from anything
// else, such as its timers.
func TestSlowHandler(t *testing.T) {
	t.Parallel()
	const messages = 1000
	o := k6(t, written(t, fmt.Sprintf(`
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		export default async function () {
			const connection = await gateway.connect();
			let handled = 0;
			connection.on('message', () => {
				handled++;
				for (const begin = Date.now(); Date.now() - begin < 5;);
			});
			const closed = new Promise((done) => connection.on('close', done));
			const sent = gateway.broadcast({ count: %d, settle: 0 });
			await new Promise((done) => connection.on('message', done));
			await new Promise((done) => setTimeout(done, 100));
			console.log(JSON.stringify({ handled }));
			await sent;
			await connection.close();
			await closed;
			console.log(JSON.stringify({ handled }));
		}`, messages)), serve(t).env()...)
	require.Zero(t, o.exit)
	said := o.said(t, 2)
	require.Less(t, said[0].Get("handled").Int(), int64(messages/2), "when the timer was due")
	require.Greater(t, said[1].Get("handled").Int(), int64(messages/2), "what came before it was closed is handled all the same")
}

// TestRefusedAndCut: the connections that a gateway refuses, and those that it
// drops, are counted as what they are.
func TestRefusedAndCut(t *testing.T) {
	t.Parallel()
	g := serve(t, "--refuse=429:0.3", "--unstable=0.5:1s")
	o := k6(t, "scripts/listen.js", g.env()...)
	require.Zero(t, o.exit)
	side, result := g.stats(t).APIGateway, o.said(t, 1)[0]
	refused, accepted := int(side.Refused), int(side.Accepted)
	require.Equal(t, 100, refused+accepted)
	require.NotZero(t, refused)
	require.EqualValues(t, refused, result.Get("failed").Int())
	require.EqualValues(t, 100, result.Get("opened").Int())
	require.EqualValues(t, accepted, result.Get("ready").Int())
	cut := int(result.Get("closed").Int())
	require.NotZero(t, cut)
	o.requireCounts(t, map[string]int{
		"pushgw_connect_failed phase=upgrade status=429": refused, "pushgw_connect_failed": refused,
		"ws_sessions": accepted, "joined_success_counter": accepted,
		"pushgw_closed code=1006 by=gateway": cut, "pushgw_closed by=client": accepted - cut,
		"ResponseSuccessRate": 3 * accepted, // upgrade, nickname, room
	})
	require.Equal(t, refused+3*accepted, o.observed("ResponseSuccessRate"))
	require.Len(t, o.log, 2, "one of the refusals is logged, and one of those that were cut")
	require.Contains(t, strings.Join(o.log, "\n"), "status 429")
	require.Contains(t, strings.Join(o.log, "\n"), "code 1006")
}

// TestCanaries: listeners that hear nothing at first are not ready until they do.
func TestCanaries(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/canary.js", serve(t, "--deaf=1500ms").env("API_KEY="+gateway.APIKey)...)
	o.requireClean(t)
	for _, said := range o.said(t, 2) {
		require.JSONEq(t, `{"ready":5,"deaf":0,"failed":0}`, said.Get("before").Raw)
		require.JSONEq(t, `{"ready":5,"deaf":0,"failed":0}`, said.Get("after").Raw)
		requireAccount(t, said.Get("result"), 5, 2)
	}
	o.requireCounts(t, map[string]int{"msg_received_counter": 20})
}

// TestDeafListeners: a listener that never hears a canary is deaf, and the barrier says so.
func TestDeafListeners(t *testing.T) {
	t.Parallel()
	g := serve(t, "--deaf=1m")
	o := k6(t, written(t, `
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		export const options = { scenarios: {
			listener: { executor: 'per-vu-iterations', exec: 'listener' },
			broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
		} };
		export const listener = () => gateway.listen({ connections: 3, duration: '8s' });
		export async function broadcast() {
			await gateway.ready({ listeners: 3, canary: true, timeout: '5s' })
				.catch(({ name, message }) => console.log(JSON.stringify({ name, message })));
		}`), g.env()...)
	thrown := o.said(t, 1)[0]
	require.Equal(t, "TimeoutError", thrown.Get("name").Str)
	require.Contains(t, thrown.Get("message").Str, "of 3 listeners 0 are ready, 0 connecting, 0 failed, 0 left, 3 deaf")
	require.Equal(t, 3, o.count("pushgw_deaf"))
}

// TestNobodyListens: a broadcast that nobody is there to hear is an honest zero, and
// the log says so.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		export default async () => console.log(JSON.stringify(await gateway.broadcast({ count: 2 })));
		`), serve(t).env()...)
	require.Zero(t, o.exit)
	require.JSONEq(t, `{"planned":2,"sent":2,"unsent":0,"expected":0,"received":0,"lost":0,"missed":0,"late":0,
		"duplicated":0,"reordered":0,"indeterminate":0,"first":0,"p50":0,"p99":0,"last":0}`, o.said(t, 1)[0].Raw)
	require.Contains(t, o.complaint(t), "nobody was expected to hear broadcasts, at first")
	require.Zero(t, o.observed("pushgw_reach"))
}

func TestOtherPeoplesBroadcasts(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/pattern.js", serve(t).env()...)
	require.Zero(t, o.exit)
	o.requireCounts(t, map[string]int{"pushgw_connect_failed": 0, "pushgw_errors": 5, "pushgw_errors error=NoStamp": 5})
	require.Contains(t, o.complaint(t), "no broadcast", "which the pattern doesn't match")
	require.JSONEq(t, `{"opened":5,"ready":5,"failed":0,"unfinished":0,"received":15,"closed":0}`, o.said(t, 1)[0].Raw)
	require.Equal(t, 15, o.observed("ws_resp_delay"))
}

// TestSegments: one process of a test waits for the listeners of all, which are slow to
// come, and what the others' listeners receive is counted there, as from elsewhere.
func TestSegments(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 30, 2
	g := serve(t)
	settings := g.env(env("LISTENERS", listeners), env("BROADCASTS", broadcasts),
		"--execution-segment-sequence=0,1/2,5/6,1")
	shares := []int{15, 10, 5}
	var processes []*process
	for _, segment := range []string{"0:1/2", "1/2:5/6", "5/6:1"} {
		processes = append(processes, start(t, "scripts/segment.js", append(slices.Clone(settings), "--execution-segment="+segment)...))
	}
	publishers := 0
	for i, p := range processes {
		o, share := p.wait(t), shares[i]
		o.requireClean(t)
		require.Equal(t, share, o.count("ws_sessions", "role=listener"))
		origin := "origin=remote"
		if len(o.objects) > 0 {
			publishers++
			origin = "origin=local"
			said := o.said(t, 1)[0]
			require.JSONEq(t, fmt.Sprintf(`{"ready":%d,"deaf":0,"failed":0}`, listeners), said.Get("ready").Raw)
			requireAccount(t, said.Get("result"), share, broadcasts)
		}
		o.requireCounts(t, map[string]int{
			"msg_received_counter": share * broadcasts, "msg_received_counter " + origin: share * broadcasts,
		})
	}
	require.Equal(t, 1, publishers)
}

// TestTLS: everything works over TLS too, arrival times included.
func TestTLS(t *testing.T) {
	t.Parallel()
	g := serve(t, "--tls")
	o := k6(t, "../examples/both.js", g.env("LISTENERS=10", "BROADCASTS=5", "RATE=10", "K6_INSECURE_SKIP_TLS_VERIFY=true")...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"joined_success_counter": 11, "subscribed_success_counter": 10,
		"msg_received_counter gateway=apigw": 50, "msg_received_counter gateway=appsync": 50,
	})
}

// TestFaults: what k6 says went wrong is what the gateway says it did, exactly.
func TestFaults(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 40, 25
	for _, faults := range []string{
		"--drop=0.05", "--duplicate=0.05", "--reorder=0.05", "--delay=1ms..50ms", "--errors=1/20",
		"--drop=0.05 --duplicate=0.05 --reorder=0.05 --delay=1ms..50ms --errors=1/20",
	} {
		t.Run(faults, func(t *testing.T) {
			t.Parallel()
			g := serve(t, strings.Fields(faults)...)
			o := k6(t, "scripts/faults.js", g.env("API_KEY="+gateway.APIKey, env("LISTENERS", listeners), env("BROADCASTS", broadcasts))...)
			require.Zero(t, o.exit)
			stats := g.stats(t)
			for _, said := range o.said(t, 2) {
				truth, gateway := stats.AppSync.Totals, said.Get("gateway").Str
				if gateway == "apigw" {
					truth = stats.APIGateway.Totals
				}
				requireTruth(t, o, said, truth, listeners*broadcasts)
			}
		})
	}
}

// requireTruth compares the account that a script was given and the metrics with
// what the gateway did.
func requireTruth(t *testing.T, o *outcome, said gjson.Result, truth truth.Totals, deliveries int) {
	t.Helper()
	tag := "gateway=" + said.Get("gateway").Str
	for _, fault := range []struct {
		name, metric string
		did          int64
	}{
		{"lost", "pushgw_lost", truth.Dropped},
		{"duplicated", "pushgw_duplicated", truth.Duplicated},
		{"reordered", "pushgw_reordered", truth.Reordered},
	} {
		listeners := said.Get("result." + fault.name).Int()
		require.Equal(t, fault.did, listeners+said.Get("host."+fault.name).Int(), fault.name)
		require.EqualValues(t, listeners, o.count(fault.metric, tag), fault.metric)
	}
	require.EqualValues(t, deliveries, said.Get("result.expected").Int())
	require.Equal(t, deliveries, o.count("msg_received_counter", tag)+o.count("pushgw_lost", tag))
	require.Equal(t, deliveries, o.observed("pushgw_reach", tag))
	require.Zero(t, o.count("pushgw_indeterminate", tag))
}
