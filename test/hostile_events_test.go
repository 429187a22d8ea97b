package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// TestHostileEvents: what no Event API would say does no harm, be it said to a listener or
// to a publisher.
func TestHostileEvents(t *testing.T) {
	const deep, many = 400_000, 10_000
	entries := strings.Repeat(`{"index":0,"code":500},`, 39_000) + `{"index":-1}` // a message may have 1 MiB
	runHostile(t, []hostileRow{
		{
			name: "fragments with pings in between", dialects: onlyEvents, behaviour: hostile.Interleaved(), acts: "listen,broadcast", check: heardAll,
			counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=gateway": 0},
		},
		{
			name: "brackets in an error", dialects: onlyEvents, behaviour: hostile.Say(hostile.Nested(hostile.Events, deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_closed by=gateway code=1000": 3, "pushgw_connect_failed": 0},
		},
		{
			name: "odd messages", dialects: onlyEvents, behaviour: hostile.Say("", "{", "null", "[]", `"type"`, `{"type":7}`, `{"type":"data"}`,
				`{"type":"data","id":7,"event":{}}`, `{"type":"subscribe_success","id":"1"}`, `{"type":"connection_ack"}`, `{"type":"error"}`,
				`{"type":"error","errors":7}`, `{"type":"connection_error","errors":{}}`, `{"type":"publish_success","id":"1","failed":{}}`,
				`{"type":"publish_error"}`, `{"type":"unsubscribe_success","id":"1"}`, strings.Repeat("{", deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_closed by=gateway code=1000": 3, "ws_sessions": 3},
		},
		{
			name: "10,000 broadcast errors", dialects: onlyEvents, behaviour: hostile.FailureFlood(many, "MessageProcessingError"), acts: "listen",
			counts: map[string]int{"pushgw_errors error=MessageProcessing": 2 * many, "pushgw_connect_failed": 0},
		},
		{
			name: "no answers over HTTP", dialects: onlyEvents, acts: "publish,publishOne",
			behaviour: hostile.AnswerJSON("", "null", "[]", "7", "{}", `{"successful"`, `{"successful":7}`, `{"errors":[{}]}`, `{"errors":[[[]]]}`),
			counts:    map[string]int{"pushgw_unsent": 10},
			check: func(t *testing.T, o *outcome) {
				require.Equal(t, "PublishError", o.saidOf("publish").Get("name").Str)
				require.Equal(t, "GatewayError", o.saidOf("publishOne").Get("name").Str)
			},
		},
		{
			name: "brackets over HTTP", dialects: onlyEvents, acts: "publish", behaviour: hostile.AnswerBrackets(`{"failed":`, 6<<20),
			counts: map[string]int{"pushgw_unsent": 10},
		},
		{
			name: "an event fails 39,000 times", dialects: onlyEvents, acts: "publish", behaviour: hostile.AnswerJSON(`{"failed":[` + entries + `]}`),
			counts: map[string]int{"pushgw_unsent": 10, "pushgw_errors error=FailedEvent": 10},
		},
		{
			name: "an event fails 39,000 times over the connection", dialects: onlyEvents, acts: "publishOverSocket", behaviour: hostile.AnswerPublish(
				`{"type":"publish_success","id":"1","failed":[`+entries+`]}`, `{"type":"publish_error","id":"2","errors":[{"errorType":"UnauthorizedException"}]}`),
			counts: map[string]int{"pushgw_unsent": 6, "pushgw_errors error=FailedEvent": 1, "pushgw_errors error=Unauthorized": 1},
		},
		{
			name: "closed in place of an answer", dialects: onlyEvents, acts: "publishOverSocket", behaviour: hostile.AnswerPublish(),
			counts: map[string]int{"pushgw_unsent": 10, "pushgw_closed": 1},
		},
	})
}
