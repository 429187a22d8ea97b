package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClockSkew: listeners in one process, and a publisher whose clock differs in
// another. Nothing that was measured disappears, and the log says what to think of it.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 10, 5
	const deliveries = 2 * listeners * broadcasts
	for offset, row := range map[string]struct {
		early  int // delays below zero
		errors int
		says   string
	}{
		"500ms":  {deliveries, deliveries, "the publisher's clock is ahead"},
		"-500ms": {0, 2, "the publisher's clock is behind"},
		"0s":     {0, 0, ""},
	} {
		t.Run(offset, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			heard := make(chan *outcome)
			go func() { heard <- k6(t, "scripts/audience.js", g.env(env("LISTENERS", listeners))...) }()
			require.Eventually(t, func() bool {
				stats := g.stats(t)
				return stats.APIGateway.Ready == listeners && stats.AppSync.Ready == listeners
			}, patience, 50*time.Millisecond)
			k6(t, "scripts/publish.js", g.env(env("BROADCASTS", broadcasts), "PUSHGW_TEST_CLOCK_OFFSET="+offset)...)

			o := <-heard
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
			if row.says != "" {
				require.Contains(t, strings.Join(o.log, "\n"), row.says)
			}
		})
	}
}
