package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// TestHostileHTTP: a mutation that isn't answered as it should be is a broadcast that
// wasn't sent, and goes nowhere else.
func TestHostileHTTP(t *testing.T) {
	row := func(name string, behaviour hostile.Behaviour, log ...string) hostileRow {
		return hostileRow{
			name: name, dialects: onlyAppSync, behaviour: behaviour, acts: "publish,graphql", log: log,
			check: func(t *testing.T, o *outcome) {
				require.Equal(t, "PublishError", o.saidOf("publish").Get("name").Str)
				require.Contains(t, []string{"GatewayError", "ConnectError"}, o.saidOf("graphql").Get("name").Str)
				require.Contains(t, o.values("ResponseSuccessRate"), 0.0)
				require.NotContains(t, o.values("ResponseSuccessRate"), 1.0)
				require.Equal(t, 10, o.count("pushgw_unsent"))
			},
		}
	}
	rows := []hostileRow{
		row("10 MB of brackets", hostile.AnswerBrackets("", 10<<20)),
		row("6 MB of brackets", hostile.AnswerBrackets("", 6<<20)),
		row("6 MB of brackets in data", hostile.AnswerBrackets(`{"data":`, 6<<20)),
		row("6 MB of brackets in errors", hostile.AnswerBrackets(`{"errors":`, 6<<20)),
		row("200 MB", hostile.AnswerLong(200<<20)),
		row("256 MB, zipped", hostile.AnswerZipped(256<<20)),
		row("a page", hostile.AnswerHTML(http.StatusOK), "JSON"),
		row("a page with status 502", hostile.AnswerHTML(http.StatusBadGateway)),
		row("endless header", hostile.AnswerEndlessHeader(256<<20)),
		row("reset", hostile.AnswerReset()),
		row("wrong shapes", hostile.AnswerJSON("", "null", "[]", `"data"`, "7", "{}", `{"data"`, `{"errors":[{}]}`, `{"errors":7}`, `{"errors":{"message":7}}`,
			`{"errors":[[[]]]}`)),
		{
			name: "no answer", dialects: onlyAppSync, behaviour: hostile.AnswerNever(), acts: "publish,graphql", env: []string{"MAX=2s"},
			counts: map[string]int{"pushgw_lost": 0},
		},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		redirected := row(fmt.Sprint("redirected with ", status), hostile.Behaviour{})
		rows = append(rows, trapped(t, redirected, func(to *hostile.Server) hostile.Behaviour { return hostile.Redirect(status, to) }))
	}
	runHostile(t, rows)
}
