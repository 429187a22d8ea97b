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

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// The audience of the exactness test, and in how many seconds broadcasts are sent to it.
// `make exact` takes 2,000 listeners and 200 broadcasts for each fault, which is minutes.
const (
	exactListeners  = 200
	exactBroadcasts = 60
	exactSeconds    = 3
)

// exactCase is what exact.js says of one fault.
type exactCase struct {
	Fault  string
	Round  int
	Result exactResult
	Truth  struct {
		Totals      truth.Totals
		Echoes      truth.Counts
		DroppedOpen int64 `json:"dropped_open"`
	}
	Ready   int64       // listeners that are left
	Further exactResult // of broadcasts to them
}

// exactResult is what broadcast() resolved with.
type exactResult struct {
	Planned, Sent, Unsent                                                        int64
	Expected, Received, Lost, Missed, Late, Duplicated, Reordered, Indeterminate int64
}

// TestEveryCountIsExact holds the ledger against the gateway's own account, under
// each fault and under all at once.
func TestEveryCountIsExact(t *testing.T) {
	t.Parallel()
	listeners, broadcasts := number("EXACT_LISTENERS", exactListeners), number("EXACT_BROADCASTS", exactBroadcasts)
	for _, side := range []string{"apigw", "appsync", "events"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			g := serve(t, "--fanout", "4")
			cases, cut := exactCases(t, g.env("GATEWAY="+side, "HTTP_URL=http://"+g.address, "API_KEY="+gateway.APIKey,
				env("LISTENERS", listeners), env("BROADCASTS", broadcasts), env("SECONDS", number("EXACT_SECONDS", exactSeconds)))...)
			require.Len(t, cases, 11)
			for _, c := range cases {
				c.requireEqual(t)
				c.requireFault(t, int64(listeners), int64(broadcasts))
				c.requireFurther(t, int64(listeners))
				require.Equal(t, c.Result.Lost-c.Truth.DroppedOpen, cut[c.Round-1], "%s: lost because listeners were cut off", c.Fault)
			}
		})
	}
}

// gone is how many deliveries the gateway couldn't write because their connections had
// ended, or were just ending.
func gone(n truth.Counts) int64 { return n.Gone + n.Failed }

// requireEqual compares the two accounts.
func (c *exactCase) requireEqual(t *testing.T) {
	t.Helper()
	t.Logf("%-9s %+v", c.Fault, c.Result)
	result, all, echoes := c.Result, c.Truth.Totals, c.Truth.Echoes
	withheld := func(n truth.Counts) int64 { return n.Dropped + n.Deaf + gone(n) }
	doubtful := result.Expected - (all.Audience - echoes.Audience)
	if c.Fault != "storm" {
		require.Zero(t, doubtful, "%s: expected", c.Fault)
	}
	require.Zero(t, result.Indeterminate, "%s: indeterminate", c.Fault)
	require.Equal(t, withheld(all.Counts)-withheld(echoes)+doubtful, result.Lost, "%s: lost", c.Fault)
	require.Equal(t, all.Duplicated-echoes.Duplicated, result.Duplicated, "%s: duplicated", c.Fault)
	require.Equal(t, all.Reordered-echoes.Reordered, result.Reordered, "%s: reordered", c.Fault)
	require.Equal(t, all.Delivered-echoes.Delivered, result.Received, "%s: received", c.Fault)
}

// requireFault requires that the fault has happened at all.
func (c *exactCase) requireFault(t *testing.T, listeners, broadcasts int64) {
	t.Helper()
	result, missed := c.Result, int64(0)
	switch c.Fault {
	case "drop", "deaf", "cut", "close":
		require.Positive(t, result.Lost, c.Fault)
	case "duplicate":
		require.Positive(t, result.Duplicated)
	case "reorder", "delay":
		require.Positive(t, result.Reordered)
	case "all": // the second series is missed by those who were cut off after the first
		missed = broadcasts * (listeners - c.Ready)
		broadcasts *= 2
		c.requireEverything(t)
	case "storm": // some leave before the last is sent, and miss what follows
		missed = listeners*broadcasts - result.Expected
		most := doubtfulInAStorm(listeners, int(broadcasts), number("EXACT_SECONDS", exactSeconds))
		require.InDelta(t, result.Expected, c.Truth.Totals.Audience-c.Truth.Echoes.Audience, float64(most), c.Fault)
		c.requireEverything(t)
	}
	require.Equal(t, broadcasts, result.Sent, c.Fault)
	require.Equal(t, missed, result.Missed, c.Fault)
	require.Equal(t, listeners*broadcasts, result.Expected+result.Missed, c.Fault)
	require.Positive(t, result.Received, c.Fault)
}

// requireEverything requires that all has happened that the gateway can do to deliveries.
func (c *exactCase) requireEverything(t *testing.T) {
	t.Helper()
	require.Positive(t, c.Truth.Totals.Dropped, c.Fault)
	require.Positive(t, c.Truth.Totals.Deaf, c.Fault)
	require.Positive(t, gone(c.Truth.Totals.Counts), c.Fault)
	require.Positive(t, c.Result.Missed, c.Fault)
	require.Positive(t, c.Result.Duplicated, c.Fault)
	require.Positive(t, c.Result.Reordered, c.Fault)
}

// requireFurther: whoever was cut off misses what is broadcast afterwards, and nobody else
// does.
func (c *exactCase) requireFurther(t *testing.T, listeners int64) {
	t.Helper()
	require.Equal(t, exactResult{
		Planned: 2, Sent: 2, Expected: 2 * c.Ready, Received: 2 * c.Ready, Missed: 2 * (listeners - c.Ready),
	}, c.Further, c.Fault)
}

// exactCases runs the script without samples, of which there are millions. It returns what
// the script says, and how much is lost because listeners were cut off, by round.
func exactCases(t *testing.T, environment ...string) (cases []exactCase, cut []int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), "run", "--quiet", "--no-usage-report", "--log-format=json", "scripts/exact.js")
	cmd.Env = append(os.Environ(), environment...)
	var log strings.Builder
	cmd.Stderr = &log
	summary, err := cmd.Output()
	require.NoError(t, err, &log)
	require.NoError(t, json.Unmarshal(summary, &cut), "%s", summary)
	o := &outcome{}
	o.readLog(log.String())
	o.requireIdentities(t)
	for _, said := range o.objects {
		var c exactCase
		require.NoError(t, json.Unmarshal([]byte(said.Raw), &c))
		cases = append(cases, c)
	}
	return cases, cut
}

// number returns a variable of the environment, or a default.
func number(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}
