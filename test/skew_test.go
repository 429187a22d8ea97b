package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// TestClockSkew: listeners in one process, and a publisher whose clock differs in
// another. Nothing that was measured disappears, and the log says what to think of it: a
// publisher that has waited for the listeners knows, and tells, how long its answers took.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 10, 5
	const deliveries = 2 * listeners * broadcasts
	for offset, row := range map[string]struct {
		early  int // delays below zero
		errors int
		says   string // a regular expression
	}{
		"500ms":  {deliveries, deliveries, "the publisher's clock is ahead"},
		"-500ms": {0, 2, `is behind this host's by [34]\d\d\.`}, // less what the fastest answer took
		"0s":     {0, 0, ""},
	} {
		t.Run(offset, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			audience := start(t, "scripts/audience.js", g.env(env("LISTENERS", listeners), "PUSHGW_RUN=skew")...)
			g.statsWhen(t, func(stats *gateway.Stats) bool {
				return stats.APIGateway.Ready == listeners && stats.AppSync.Ready == listeners
			})
			k6(t, "scripts/publish.js", g.env(env("BROADCASTS", broadcasts), env("LISTENERS", listeners), "PUSHGW_RUN=skew", "PUSHGW_TEST_CLOCK_OFFSET="+offset)...)

			o := audience.wait(t)
			require.Equal(t, deliveries, o.count("msg_received_counter", "origin=remote"))
			early := 0
			delays := o.values("ws_resp_delay")
			for _, delay := range delays {
				if delay < 0 {
					early++
				}
			}
			require.Len(t, delays, deliveries)
			require.Equal(t, row.early, early)
			require.Equal(t, row.errors, o.count("pushgw_errors", "error=ClockSkew"))
			log := strings.Join(o.log, "\n")
			require.Regexp(t, row.says, log)
			if row.says == "" {
				require.NotContains(t, log, "clock skew")
			}
		})
	}
}
