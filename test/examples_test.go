package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestExampleConnections(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script string
		counts map[string]int
	}{
		{"apigw", map[string]int{"nickname_counter": 20, "joined_success_counter": 20}},
		{"appsync", map[string]int{"subscribed_success_counter": 20}},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			o := k6(t, "../examples/"+test.script+"-connections.js", g.env("TARGET=20", "RAMP=1s", "HOLD=1s")...)
			o.requireClean(t)
			o.requireCounts(t, test.counts)
			o.requireCounts(t, map[string]int{"ws_sessions": 20, "pushgw_closed code=1000 by=client": 20})
			require.Equal(t, 20, o.observed("ws_connecting"))
			require.Equal(t, 20, o.observed("pushgw_ready_time"))
			require.Equal(t, 20, o.observed("ws_session_duration"), "of VUs that are stopped too")
			require.NotZero(t, o.count("data_sent"))
			require.NotZero(t, o.count("data_received"))
		})
	}
}

func TestExampleBroadcasts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		env          []string
		listeners    int
		broadcasts   int
	}{
		{"one to one", "apigw", nil, 1, 1},
		{"many to many", "apigw", nil, 50, 20},
		{"many VUs", "apigw", []string{"VUS=25"}, 50, 4},
		{"one to one", "appsync", []string{"CANARY=no"}, 1, 1},
		{"many to many", "appsync", []string{"CANARY=no"}, 50, 20},
		{"many VUs", "appsync", []string{"CANARY=no", "VUS=25"}, 50, 4},
	}
	for _, test := range tests {
		t.Run(test.script+" "+test.name, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			o := k6(t, "../examples/"+test.script+"-broadcast.js", append(g.env(test.env...), "RATE=20", "HOLD=3s",
				env("LISTENERS", test.listeners), env("BROADCASTS", test.broadcasts))...)
			o.requireClean(t)
			requireDelivered(t, o, test.listeners, test.broadcasts)
			require.Equal(t, test.listeners, o.count("ws_sessions", "role=listener"))
			require.Len(t, o.said, 1)
			requireAccount(t, o.said[0], test.listeners, test.broadcasts)
			if test.script == "apigw" { // the host shakes hands too
				o.requireCounts(t, map[string]int{
					"nickname_counter": test.listeners + 1, "joined_success_counter": test.listeners + 1,
					"ws_sessions": test.listeners + 1, "joined_success_counter role=listener": test.listeners,
					"http_reqs": 0,
				})
				return
			}
			o.requireCounts(t, map[string]int{
				"subscribed_success_counter": test.listeners, "http_reqs status=200": test.broadcasts,
			})
		})
	}
}

// TestExampleOfCanaries: what proves that everybody hears is a request more, and counts
// for nothing.
func TestExampleOfCanaries(t *testing.T) {
	t.Parallel()
	o := k6(t, "../examples/appsync-broadcast.js", serve(t).env("LISTENERS=20", "BROADCASTS=5", "RATE=20", "HOLD=3s")...)
	o.requireClean(t)
	requireDelivered(t, o, 20, 5)
	requireAccount(t, o.said[0], 20, 5)
	require.Greater(t, o.count("http_reqs", "status=200"), 5)
}

func TestExampleOfAConnection(t *testing.T) {
	t.Parallel()
	o := k6(t, "../examples/apigw-connection.js", serve(t).env()...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"checks": 2, "ws_sessions": 2, "nickname_counter": 2, "joined_success_counter": 2, "pushgw_closed code=1000 by=client": 2,
	})
}

func TestExampleOfBothGateways(t *testing.T) {
	t.Parallel()
	g := serve(t)
	o := k6(t, "../examples/both.js", g.env("LISTENERS=20", "BROADCASTS=5", "RATE=10", "HOLD=2s", "CANARY=no")...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"nickname_counter": 21, "joined_success_counter": 21, "subscribed_success_counter": 20, "ws_sessions": 41,
		"msg_received_counter gateway=apigw": 100, "msg_received_counter gateway=appsync": 100,
	})
	stats := g.stats(t)
	require.EqualValues(t, 105, stats.APIGateway.Totals.Delivered, "the host is in the room too")
	require.EqualValues(t, 100, stats.AppSync.Totals.Delivered)
}

// TestExampleOfSegments: the shares of three processes make the whole.
func TestExampleOfSegments(t *testing.T) {
	t.Parallel()
	g := serve(t)
	cmd := exec.Command("../examples/segments.sh", "../examples/apigw-connections.js")
	cmd.Env = append(cmd.Environ(), g.env("K6="+binary(t), "TARGET=30", "RAMP=1s", "HOLD=1s")...)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	for _, line := range []string{"nickname_counter 30", "joined_success_counter 30", "ws_sessions 30", "pushgw_connect_failed 0"} {
		require.Contains(t, string(output), line)
	}
	require.EqualValues(t, 30, g.stats(t).APIGateway.Accepted)
}

// TestExampleOfSegmentedBroadcasts: each process has the listeners' share of deliveries.
func TestExampleOfSegmentedBroadcasts(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"apigw", "appsync"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("../examples/segments.sh", "../examples/"+script+"-broadcast.js")
			cmd.Env = append(cmd.Environ(), serve(t).env("K6="+binary(t), "LISTENERS=30", "VUS=6", "START=4s", "HOLD=8s",
				"BROADCASTS=3", "CANARY=no")...)
			output, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", output)
			for _, line := range []string{"msg_received_counter 90", "ws_sessions 3"} {
				require.Contains(t, string(output), line)
			}
		})
	}
}

// requireDelivered: every listener received every broadcast, and the metrics that
// each delivery leaves agree.
func requireDelivered(t *testing.T, o *outcome, listeners, broadcasts int) {
	t.Helper()
	deliveries := listeners * broadcasts
	require.Equal(t, deliveries, o.count("msg_received_counter", "origin=local"))
	require.Equal(t, deliveries, o.observed("ws_resp_delay", "origin=local"))
	require.Equal(t, deliveries, o.observed("pushgw_read_lag"))
	require.Equal(t, deliveries, o.count("pushgw_reach"))
	require.Equal(t, broadcasts, o.observed("pushgw_fanout_first"))
	require.Equal(t, broadcasts, o.observed("pushgw_fanout_last"))
}

// requireAccount looks at what broadcast() resolved with.
func requireAccount(t *testing.T, result gjson.Result, listeners, broadcasts int) {
	t.Helper()
	for field, want := range map[string]int{
		"sent": broadcasts, "expected": listeners * broadcasts, "received": listeners * broadcasts,
		"lost": 0, "duplicated": 0, "reordered": 0, "indeterminate": 0,
	} {
		require.EqualValues(t, want, result.Get(field).Int(), field)
	}
	require.Positive(t, result.Get("first").Num)
	require.LessOrEqual(t, result.Get("first").Num, result.Get("last").Num)
	require.LessOrEqual(t, result.Get("p50").Num, result.Get("p99").Num)
}
