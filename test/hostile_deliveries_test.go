package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// heardAll are the counts of a run in which both listeners have heard three
// broadcasts, and nothing was wrong.
func heardAll(t *testing.T, o *outcome) {
	t.Helper()
	r := o.resultOf("broadcast")
	require.EqualValues(t, 6, r.Get("expected").Int(), o.saidOf("broadcast"))
	require.EqualValues(t, 6, r.Get("received").Int(), r)
	for _, wrong := range []string{"lost", "missed", "late", "duplicated", "reordered", "indeterminate"} {
		require.Zero(t, r.Get(wrong).Int(), wrong)
	}
}

// TestHostileDeliveries: what a gateway makes up spoils no account, and what it may do
// is no fault.
func TestHostileDeliveries(t *testing.T) {
	const many = 10_000
	runHostile(t, []hostileRow{
		{
			name: "fragments with pings in between", behaviour: hostile.Interleaved(), acts: "listen,broadcast", check: heardAll,
			counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=gateway": 0},
		},
		{
			name: "a fragment for each byte", behaviour: hostile.Bytewise(), acts: "listen,broadcast", check: heardAll,
			counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=gateway": 0},
		},
		{
			name: "forged sequences", behaviour: hostile.Forge(hostile.FutureSequence, hostile.LastSequence),
			acts: "listen,broadcast", check: heardAll,
			counts: map[string]int{"pushgw_errors error=ForgedStamp": 2 * 2 * 3},
		},
		{
			name: "forged send times", behaviour: hostile.Forge(hostile.OtherTime),
			acts: "listen,broadcast", check: heardAll,
			counts: map[string]int{"pushgw_errors error=ForgedStamp": 2 * 3},
		},
		{
			name: "10,000 origins, an hour ahead", behaviour: hostile.ManyOrigins(many, -time.Hour), acts: "listen",
			check: func(t *testing.T, o *outcome) { require.Less(t, len(o.log), 30, "lines logged") },
		},
		{
			name: "10,000 origins, a week ago", behaviour: hostile.ManyOrigins(many, 7*24*time.Hour), acts: "listen",
			counts: map[string]int{"pushgw_errors error=ForgedStamp": 2 * many},
			check:  func(t *testing.T, o *outcome) { require.Zero(t, o.observed("ws_resp_delay")) },
		},
		{
			name: "text that is no UTF-8", behaviour: hostile.InvalidText(), acts: "listen,drive",
			check: func(t *testing.T, o *outcome) {
				require.Equal(t, 2, o.count("pushgw_errors", "role=listener"), "it is a violation, or it has no stamp")
				require.Equal(t, 3, o.count("pushgw_closed"))
			},
		},
	})
}

// TestHostileWords: what is no sensible message of a dialect does no harm.
func TestHostileWords(t *testing.T) {
	const deep = 400_000
	runHostile(t, []hostileRow{
		{
			name: "brackets in an error", dialects: onlyAPIGateway, behaviour: hostile.Say(hostile.Nested(hostile.APIGateway, deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_closed by=gateway code=1000": 3, "pushgw_connect_failed": 0},
		},
		{
			name: "brackets in an error", dialects: onlyAppSync, behaviour: hostile.Say(hostile.Nested(hostile.AppSync, deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_closed by=gateway code=1000": 3, "pushgw_connect_failed": 0},
		},
		{
			name: "odd messages", behaviour: hostile.Say("", "{", "null", "[]", `"type"`, `{"type":7}`, `{"type":"data"}`, `{"type":"data","id":7}`,
				`{"type":"start_ack","id":"1"}`, `{"type":"connection_ack"}`, `{"type":"error"}`, `{"type":"error","payload":[]}`,
				`{"type":"connection_error","payload":{"errors":{}}}`, `{"message":null,"connectionId":1}`, strings.Repeat("{", deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_closed by=gateway code=1000": 3, "ws_sessions": 3},
		},
		{
			name: "a refusal of 900 kB", dialects: onlyAppSync,
			behaviour: hostile.Acknowledge(`{"type":"connection_error","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401,"message":"` +
				strings.Repeat("no ", 300_000) + `"}]}}`),
			acts: "listen,drive", counts: failedIn("handshake"), log: []string{"no no no"},
		},
		{
			name: "silence after a millisecond", dialects: onlyAppSync,
			behaviour: hostile.Acknowledge(`{"type":"connection_ack","payload":{"connectionTimeoutMs":1}}`),
			acts:      "listen,drive",
			counts:    map[string]int{"pushgw_errors error=Silence": 3, "pushgw_closed": 3},
		},
		{
			name: "silence after no time", dialects: onlyAppSync,
			behaviour: hostile.Acknowledge(`{"type":"connection_ack","payload":{"connectionTimeoutMs":-1e300}}`),
			acts:      "listen,drive", counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=client code=1000": 3}, env: []string{"HOLD=5000"},
		},
	})
}
