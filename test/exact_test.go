package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// The audience of the exactness test. `make exact` takes 2,000 listeners and 200
// broadcasts for each fault, which is minutes.
const (
	exactListeners  = 200
	exactBroadcasts = 60
)

// exactCase is what exact.js says of one fault.
type exactCase struct {
	Fault  string
	Result struct {
		Sent                                                           int
		Expected, Received, Lost, Duplicated, Reordered, Indeterminate int64
	}
	Truth struct {
		Totals      truth.Totals
		Echoes      truth.Counts
		DroppedOpen int64 `json:"dropped_open"`
	}
}

// TestEveryCountIsExact holds the ledger against the gateway's own account, under
// each fault and under all at once.
func TestEveryCountIsExact(t *testing.T) {
	t.Parallel()
	listeners, broadcasts := number("EXACT_LISTENERS", exactListeners), number("EXACT_BROADCASTS", exactBroadcasts)
	for _, side := range []string{"apigw", "appsync"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			g := serve(t, "--fanout", "4")
			cases := exactCases(t, g.env("GATEWAY="+side, "HTTP_URL=http://"+g.address, "API_KEY=da2-localpushgatewayapikey0001",
				env("LISTENERS", listeners), env("BROADCASTS", broadcasts))...)
			require.Len(t, cases, 10)
			for _, c := range cases {
				require.Equal(t, broadcasts, c.Result.Sent)
				c.requireEqual(t)
				c.requireFault(t, int64(listeners*broadcasts))
			}
		})
	}
}

// requireEqual compares the two accounts.
func (c *exactCase) requireEqual(t *testing.T) {
	t.Helper()
	t.Logf("%-9s %+v", c.Fault, c.Result)
	result, gateway, echoes := c.Result, c.Truth.Totals, c.Truth.Echoes
	require.Equal(t, result.Expected, result.Received+result.Lost+result.Indeterminate, c.Fault)
	require.Equal(t, c.Truth.DroppedOpen, result.Lost, "%s: lost", c.Fault)
	require.Equal(t, gateway.Duplicated-echoes.Duplicated, result.Duplicated, "%s: duplicated", c.Fault)
	require.Equal(t, gateway.Reordered-echoes.Reordered, result.Reordered, "%s: reordered", c.Fault)
	require.Equal(t, gateway.Delivered-echoes.Delivered, result.Received, "%s: received", c.Fault)
}

// requireFault requires that the fault has happened at all.
func (c *exactCase) requireFault(t *testing.T, expected int64) {
	t.Helper()
	result := c.Result
	if c.Fault != "cut" && c.Fault != "close" && c.Fault != "all" { // there, some leave before the last is sent
		require.Equal(t, expected, result.Expected, c.Fault)
	}
	require.Positive(t, result.Received, c.Fault)
	switch c.Fault {
	case "drop", "deaf":
		require.Positive(t, result.Lost)
	case "duplicate":
		require.Positive(t, result.Duplicated)
	case "reorder", "delay":
		require.Positive(t, result.Reordered)
	case "cut", "close":
		require.Positive(t, expected-result.Expected+result.Indeterminate)
	case "all":
		require.Positive(t, result.Lost)
		require.Positive(t, result.Duplicated)
		require.Positive(t, result.Reordered)
	}
}

// exactCases runs the script without keeping samples: there are millions.
func exactCases(t *testing.T, environment ...string) []exactCase {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), "run", "--quiet", "--summary-mode=disabled", "--no-thresholds",
		"--no-usage-report", "--log-format=json", "scripts/exact.js")
	cmd.Env = append(os.Environ(), environment...)
	var log strings.Builder
	cmd.Stderr = &log
	require.NoError(t, cmd.Run(), &log)
	o := &outcome{}
	o.readLog(log.String())
	var cases []exactCase
	for _, said := range o.objects {
		var c exactCase
		require.NoError(t, json.Unmarshal([]byte(said.Raw), &c))
		cases = append(cases, c)
	}
	return cases
}

// number returns a variable of the environment, or a default.
func number(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}
