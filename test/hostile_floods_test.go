package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// TestHostileFloods: much of anything is counted, and bounded.
func TestHostileFloods(t *testing.T) {
	const many = 100_000
	closedAsUsual := func(counts map[string]int) map[string]int {
		counts["pushgw_connect_failed"], counts["pushgw_closed by=gateway code=1000"] = 0, 3
		return counts
	}
	runHostile(t, []hostileRow{
		{
			name: "data", behaviour: hostile.DataFlood(many), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"pushgw_errors error=NoStamp": 2 * many, "ws_msgs_received": 3 * (many + 2)}),
		},
		{
			name: "errors", behaviour: hostile.FailureFlood(many/10, "Forbidden"), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"ws_msgs_received": 3 * (many/10 + 2)}),
			check: func(t *testing.T, o *outcome) {
				// The gateway's are all counted; those that come too early are no news to the script.
				dropped := o.count("pushgw_errors", "error=EarlyMessageDropped")
				require.Equal(t, 3*many/10, o.count("pushgw_errors")-dropped)
				require.EqualValues(t, many/10, o.resultOf("drive").Get("errors").Int()+int64(dropped))
			},
		},
		{
			name: "pings", dialects: onlyAPIGateway, behaviour: hostile.PingFlood(many / 5), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"pushgw_errors": 0}),
		},
		{
			name: "pings, and no answer read", dialects: onlyAPIGateway, behaviour: hostile.DeafPingFlood(many), acts: "listen,drive",
			env: []string{"HOLD=5000"}, counts: map[string]int{"ws_sessions": 3},
		},
		{
			name: "pongs", dialects: onlyAPIGateway, behaviour: hostile.PongFlood(many / 5), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"pushgw_errors": 0}),
			check:  func(t *testing.T, o *outcome) { require.Zero(t, o.observed("ws_ping"), "nobody has pinged") },
		},
		{
			name: "data without an end, and no answer to close", behaviour: hostile.EndlessData(), acts: "listen,drive", env: []string{"HOLD=5000"},
			counts: map[string]int{"ws_sessions": 3, "pushgw_closed by=client": 3},
		},
		{
			name: "data before it is ready", dialects: onlyAPIGateway, behaviour: hostile.DataBeforeReady(10_000, 60_000), acts: "drive",
			options: `{"timeout": "2m"}`,
			check: func(t *testing.T, o *outcome) {
				// Some come while the script gets its object, and are early no more.
				require.InDelta(t, 10_000-1024, o.count("pushgw_errors", "error=EarlyMessageDropped"), 1000)
			},
		},
		{
			name: "data in place of a handshake", behaviour: hostile.EndlessHandshake(), acts: "listen", options: `{"timeout": "5s"}`,
			counts: map[string]int{"pushgw_connect_failed phase=handshake": 2},
			log:    []string{"did not finish the handshake in time"},
		},
		{
			name: "reads nothing", dialects: onlyAPIGateway, behaviour: hostile.Behaviour{Deaf: true, Ready: waitForEnd}, acts: "shout",
			env: []string{"MAX=3s"},
		},
	})
}

// waitForEnd waits without reading until the connection ends, which is when the
// server is closed.
func waitForEnd(c *hostile.Conn) {
	for !c.Ended() {
		time.Sleep(time.Millisecond)
	}
}
