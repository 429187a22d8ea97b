package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

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
	require.Len(t, o.log, 1)
	require.Contains(t, o.log[0], "nobody was expected to hear a broadcast")
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
	requireAccount(t, o.said[0], 3, 2)
	require.JSONEq(t, `{"opened":3,"ready":3,"failed":0,"received":6,"closed":0}`, o.said[1].Raw)
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

// TestInterruptedPublisher: of the mutation that the end of a scenario cuts off, nobody
// knows whether it was published; it is in the account, and no failure of the gateway's.
func TestInterruptedPublisher(t *testing.T) {
	t.Parallel()
	const listeners = 10
	g := serve(t)
	o := k6(t, written(t, fmt.Sprintf(`
		const api = new appsync.Client(__ENV.APPSYNC_URL, {
			auth: { apiKey: __ENV.API_KEY },
			subscription: { query: 'subscription { onCreateRoom { title } }' },
			mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
		});
		export const options = { scenarios: {
			subscriber: { executor: 'per-vu-iterations', exec: 'subscriber' },
			publisher: { executor: 'per-vu-iterations', exec: 'publisher', maxDuration: '1s', gracefulStop: '0s' },
		} };
		export const subscriber = () => api.listen({ connections: %d, duration: '3s' });
		export async function publisher() {
			await api.ready({ listeners: %[1]d });
			await api.broadcast({ count: 1e6 });
		}`, listeners)), g.env("API_KEY="+gateway.APIKey)...)
	require.Equal(t, o.observed("ResponseSuccessRate"), o.count("ResponseSuccessRate"))
	for _, line := range o.log {
		require.NotContains(t, line, "could not be sent")
	}
	sent := g.stats(t).AppSync.Totals.Broadcasts
	due := o.observed("pushgw_reach") + o.count("pushgw_indeterminate")
	require.NotZero(t, sent)
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
	require.Len(t, o.log, 1)
	require.Contains(t, o.log[0], "thrown by a handler")
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
	require.Less(t, o.said[0].Get("handled").Int(), int64(messages/2), "when the timer was due")
	require.Greater(t, o.said[1].Get("handled").Int(), int64(messages/2), "what came before it was closed is handled all the same")
}

// TestRefusedAndCut: the connections that a gateway refuses, and those that it
// drops, are counted as what they are.
func TestRefusedAndCut(t *testing.T) {
	t.Parallel()
	g := serve(t, "--refuse=429:0.3", "--unstable=0.5:1s")
	o := k6(t, "scripts/listen.js", g.env()...)
	require.Zero(t, o.exit)
	side, result := g.stats(t).APIGateway, o.said[0]
	refused, accepted := int(side.Refused), int(side.Accepted)
	require.Equal(t, 100, refused+accepted)
	require.NotZero(t, refused)
	require.EqualValues(t, refused, result.Get("failed").Int())
	require.EqualValues(t, accepted, result.Get("opened").Int())
	cut := int(result.Get("closed").Int())
	require.NotZero(t, cut)
	o.requireCounts(t, map[string]int{
		"pushgw_connect_failed phase=upgrade status=429": refused, "pushgw_connect_failed": refused,
		"ws_sessions": accepted, "joined_success_counter": accepted,
		"pushgw_closed code=1006 by=gateway": cut, "pushgw_closed by=client": accepted - cut,
		"ResponseSuccessRate": 3 * accepted, // upgrade, nickname, room
	})
	require.Equal(t, refused+3*accepted, o.observed("ResponseSuccessRate"))
	require.Len(t, o.log, 1, "one of the refusals is logged")
}

// TestCanaries: listeners that hear nothing at first are not ready until they do.
func TestCanaries(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/canary.js", serve(t, "--deaf=1500ms").env("API_KEY="+gateway.APIKey)...)
	o.requireClean(t)
	require.Len(t, o.said, 2)
	for _, said := range o.said {
		require.JSONEq(t, `{"ready":5,"deaf":0,"failed":0}`, said.Get("before").Raw)
		require.JSONEq(t, `{"ready":5,"deaf":0,"failed":0}`, said.Get("after").Raw)
		requireAccount(t, said.Get("result"), 5, 2)
	}
	o.requireCounts(t, map[string]int{"msg_received_counter": 20})
}

// TestDeafListeners: who never hears a canary is deaf, and the barrier says so.
func TestDeafListeners(t *testing.T) {
	t.Parallel()
	g := serve(t, "--deaf=1m")
	o := k6(t, written(t, `
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		export const options = { scenarios: {
			listener: { executor: 'per-vu-iterations', exec: 'listener' },
			broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
		} };
		export const listener = () => gateway.listen({ connections: 3, duration: '2s' });
		export async function broadcast() {
			await gateway.ready({ listeners: 3, canary: true, timeout: '1s' })
				.catch(({ name, message }) => console.log(JSON.stringify({ name, message })));
		}`), g.env()...)
	require.Equal(t, "TimeoutError", o.said[0].Get("name").Str)
	require.Contains(t, o.said[0].Get("message").Str, "of 3 listeners 0 are ready, 0 connecting, 0 failed, 0 left, 3 deaf")
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
	require.JSONEq(t, `{"sent":2,"expected":0,"received":0,"lost":0,"duplicated":0,"reordered":0,"indeterminate":0,
		"first":0,"p50":0,"p99":0,"last":0}`, o.said[0].Raw)
	require.Len(t, o.log, 1)
	require.Contains(t, o.log[0], "nobody was expected to hear a broadcast")
	require.Zero(t, o.observed("pushgw_reach"))
}

func TestOtherPeoplesBroadcasts(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/pattern.js", serve(t).env()...)
	o.requireClean(t)
	require.JSONEq(t, `{"opened":5,"ready":5,"failed":0,"received":15,"closed":0}`, o.said[0].Raw)
	require.Equal(t, 15, o.observed("ws_resp_delay"))
}

// TestSegments: each process of a test waits for its share of the listeners, and
// what the others' listeners receive is counted there, as from elsewhere.
func TestSegments(t *testing.T) {
	t.Parallel()
	const listeners = 30
	g := serve(t)
	settings := g.env(env("LISTENERS", listeners), "STATS_URL=http://"+g.address+"/stats", "--execution-segment-sequence=0,1/3,2/3,1")
	var processes sync.WaitGroup
	outcomes := make([]*outcome, 3)
	for i, segment := range []string{"0:1/3", "1/3:2/3", "2/3:1"} {
		processes.Go(func() {
			outcomes[i] = k6(t, "scripts/segment.js", append(slices.Clone(settings), "--execution-segment="+segment)...)
		})
	}
	processes.Wait()
	local, remote := 0, 0
	for _, o := range outcomes {
		require.NotNil(t, o)
		o.requireClean(t)
		require.Equal(t, listeners/3, o.count("ws_sessions", "role=listener"))
		local += o.count("msg_received_counter", "origin=local")
		remote += o.count("msg_received_counter", "origin=remote")
		for _, said := range o.said {
			require.EqualValues(t, listeners/3, said.Get("ready.ready").Int())
			requireAccount(t, said.Get("result"), listeners/3, 2)
		}
	}
	require.Equal(t, 2*listeners/3, local)
	require.Equal(t, 2*2*listeners/3, remote)
}

// TestTLS: everything works over TLS too, with arrival times of its own making.
func TestTLS(t *testing.T) {
	t.Parallel()
	g := serve(t, "--tls")
	o := k6(t, "../examples/both.js", g.env("LISTENERS=10", "BROADCASTS=5", "RATE=10", "HOLD=2s", "K6_INSECURE_SKIP_TLS_VERIFY=true")...)
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
			require.Len(t, o.said, 2)
			stats := g.stats(t)
			for _, said := range o.said {
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
