package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// TestHostileEnd: a connection that is reset or ends is a failure up to the moment
// at which it is ready, and a closing afterwards.
func TestHostileEnd(t *testing.T) {
	phases := map[hostile.Stage]string{
		hostile.AtAccept:  "", // of a reset that is quick enough, connecting itself hears
		hostile.AtRequest: "upgrade", hostile.AtResponse: "upgrade",
		hostile.AtUpgrade: "handshake", hostile.AtHandshake: "handshake",
	}
	ends := []struct {
		name string
		end  func(*hostile.Conn)
	}{{"reset", (*hostile.Conn).Reset}, {"end of file", (*hostile.Conn).Cut}}
	var rows []hostileRow
	for _, stage := range hostile.Stages() {
		for _, end := range ends {
			row := hostileRow{name: end.name + " " + string(stage), behaviour: hostile.EndAt(stage, end.end), acts: "listen,drive"}
			if phase, early := phases[stage]; early {
				row.acts = "listen" // of a host of AppSync, the dialect's handshake is shorter
				row.counts = map[string]int{"pushgw_connect_failed": 2}
				if phase != "" {
					row.counts["pushgw_connect_failed phase="+phase] = 2
				}
			} else {
				row.counts = map[string]int{"pushgw_connect_failed": 0, "pushgw_closed by=gateway code=1006": 3}
				row.log = []string{"1006"}
			}
			rows = append(rows, row)
		}
	}
	runHostile(t, rows)
}

// TestHostileClosing: every code is counted as it is, and its reason logged.
func TestHostileClosing(t *testing.T) {
	good := []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4999}
	all := append([]int{1004, 1005, 1006, 1014, 1015}, good...)
	counts := map[string]int{
		"pushgw_closed": len(all), "pushgw_closed by=gateway code=3xxx": 1, "pushgw_closed by=gateway code=4xxx": 1,
	}
	var reasons []string
	for _, code := range good {
		reasons = append(reasons, hostile.CloseReason(code))
		if code < 2000 && code != 1002 { // with which this side answers those that are none
			counts[env("pushgw_closed by=gateway code", code)] = 1
		}
	}
	early := func(log ...string) hostileRow {
		return hostileRow{
			name: "1002 straight after the upgrade", behaviour: hostile.CloseAtOnce(1002),
			acts: "listen,drive", counts: failedIn("handshake"), log: append(log, "1002"),
		}
	}
	apigw, appsync := early(), early("credentials")
	apigw.dialects, appsync.dialects = onlyAPIGateway, onlyAppSync
	runHostile(t, []hostileRow{
		apigw, appsync,
		{
			name: "every code", behaviour: hostile.CloseWith(all...), acts: "listen", env: []string{env("LISTENERS", len(all))},
			counts: counts, log: reasons,
			check: func(t *testing.T, o *outcome) {
				require.GreaterOrEqual(t, o.count("pushgw_errors", "error=ProtocolError"), 3, "1005, 1006 and 1015 are never sent")
			},
		},
		{ // gorilla reads one byte as none
			name: "half a code", dialects: onlyAPIGateway, behaviour: hostile.ClosePayload([]byte{3}), acts: "listen,drive",
			counts: map[string]int{"pushgw_closed by=gateway code=1005": 3},
		},
		{
			name: "no code", dialects: onlyAPIGateway, behaviour: hostile.ClosePayload(nil), acts: "listen,drive",
			counts: map[string]int{"pushgw_closed by=gateway code=1005": 3, "pushgw_errors": 0},
		},
	})
}
