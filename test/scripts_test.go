package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	local "github.com/pushgw/xk6-pushgw/gateway"
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
	require.Empty(t, o.log)
	o.requireCounts(t, map[string]int{"checks": 3, "pushgw_errors": 1, "pushgw_closed code=1001 by=gateway": 1})
}

func TestConnectionToAppSync(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/appsync-connection.js", serve(t).env("API_KEY="+local.APIKey)...)
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
	o := k6(t, "scripts/interrupted.js", g.env("API_KEY="+local.APIKey)...)
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
			o := k6(t, "scripts/faults.js", g.env("API_KEY="+local.APIKey, env("LISTENERS", listeners), env("BROADCASTS", broadcasts))...)
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
