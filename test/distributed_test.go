package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// The test of several processes. `make exact` takes more of everything.
const (
	distributedListeners  = 120
	distributedBroadcasts = 40
	distributedSeconds    = 3
	// distributedFaults are those of the small test; empty for all.
	distributedFaults = "drop,deaf,close,all"
)

// distributedClocks is by how much the processes' clocks are wrong, one after another. There
// are as many processes, unless PROCESSES says another number.
var distributedClocks = []time.Duration{-time.Hour, 0, 3 * time.Second}

// distributedCounts is what a process counted in a round.
type distributedCounts struct {
	Lost, Indeterminate, Duplicated, Reordered, Unclosed, Received int64
}

// distributedRound is what the gateway did in a round.
type distributedRound struct {
	Fault string
	Round int
	Sent  int64
	Truth struct {
		Totals  truth.Totals
		Echoes  truth.Counts
		Control truth.Control
	}
}

// TestTheSumOverProcessesIsExact: several processes listen, one of them broadcasts, their
// clocks differ, and the sum of what they say is what the gateway did.
func TestTheSumOverProcessesIsExact(t *testing.T) {
	t.Parallel()
	processes := number("PROCESSES", len(distributedClocks))
	vus := 2 * processes
	listeners := int64(number("EXACT_LISTENERS", distributedListeners) / vus * vus)
	faults := distributedFaults
	if os.Getenv("EXACT_LISTENERS") != "" {
		faults = ""
	}
	for _, side := range []string{"apigw", "appsync", "events"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			g := serve(t, "--fanout", "4")
			rounds, counts := runDistributed(t, processes, g.env("GATEWAY="+side, "HTTP_URL=http://"+g.address, "API_KEY="+gateway.APIKey,
				env("LISTENERS", listeners), env("VUS", vus), "FAULTS="+faults,
				env("BROADCASTS", number("EXACT_BROADCASTS", distributedBroadcasts)), env("SECONDS", number("EXACT_SECONDS", distributedSeconds))))
			for _, round := range rounds {
				round.requireEqual(t, listeners, counts)
			}
		})
	}
}

// requireEqual compares what the gateway did in a round with the sum over the processes.
func (r *distributedRound) requireEqual(t *testing.T, listeners int64, counts [][]distributedCounts) {
	t.Helper()
	var sum distributedCounts
	for _, process := range counts {
		c := process[r.Round-1]
		sum.Lost += c.Lost
		sum.Indeterminate += c.Indeterminate
		sum.Duplicated += c.Duplicated
		sum.Reordered += c.Reordered
		sum.Unclosed += c.Unclosed
		sum.Received += c.Received
		assert.Positive(t, c.Received, "every process has its part")
	}
	t.Logf("%-9s %+v of %v", r.Fault, sum, counts)
	all, echoes := r.Truth.Totals, r.Truth.Echoes
	withheld := func(n truth.Counts) int64 { return n.Dropped + n.Deaf + gone(n) }
	lost := withheld(all.Counts) - withheld(echoes)
	assert.Equal(t, all.Delivered-echoes.Delivered, sum.Received, "%s: received", r.Fault)
	assert.Equal(t, all.Duplicated-echoes.Duplicated, sum.Duplicated, "%s: duplicated", r.Fault)
	assert.Equal(t, all.Reordered-echoes.Reordered, sum.Reordered, "%s: reordered", r.Fault)
	assert.Zero(t, sum.Unclosed, "%s: unclosed", r.Fault)
	assert.Positive(t, r.Truth.Control.Messages)
	if r.Fault == "all" {
		// Who is cut off while broadcasts are sent may have been, or not, when one was: clocks are
		// known only as well as messages are fast.
		assert.LessOrEqual(t, sum.Lost, lost)
		assert.GreaterOrEqual(t, sum.Lost+sum.Indeterminate, lost)
		return
	}
	assert.Equal(t, lost, sum.Lost, "%s: lost", r.Fault)
	assert.Zero(t, sum.Indeterminate, "%s: indeterminate", r.Fault)
	assert.Equal(t, listeners*r.Sent, sum.Received+sum.Lost, "%s: expected", r.Fault)
	switch r.Fault {
	case "drop", "deaf", "cut", "close":
		assert.Positive(t, lost, r.Fault)
	case "duplicate":
		assert.Positive(t, sum.Duplicated)
	case "reorder", "delay":
		assert.Positive(t, sum.Reordered)
	}
}

// runDistributed runs n processes, and returns the rounds that one of them tells of and
// what each counted in each.
func runDistributed(t *testing.T, n int, environment []string) (rounds []distributedRound, counts [][]distributedCounts) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	bounds := []string{"0"}
	for i := 1; i < n; i++ {
		bounds = append(bounds, fmt.Sprintf("%d/%d", i, n))
	}
	bounds = append(bounds, "1")
	counts = make([][]distributedCounts, n)
	logs := make([]strings.Builder, n)
	var running sync.WaitGroup
	for i := range n {
		offset := distributedClocks[i%len(distributedClocks)]
		cmd := exec.CommandContext(ctx, binary(t), "run", "--quiet", "--no-usage-report", "--log-format=json",
			"--execution-segment="+bounds[i]+":"+bounds[i+1], "--execution-segment-sequence="+strings.Join(bounds, ","), "scripts/distributed.js")
		cmd.Env = append(append(os.Environ(), environment...), env("PUSHGW_TEST_CLOCK_OFFSET", offset), "K6_AUTO_EXTENSION_RESOLUTION=false")
		cmd.Stderr = &logs[i]
		running.Go(func() {
			summary, err := cmd.Output()
			assert.NoError(t, err, &logs[i])
			assert.NoError(t, json.Unmarshal(summary, &counts[i]), "%s", summary)
		})
	}
	running.Wait()
	require.False(t, t.Failed())
	for i := range logs {
		o := &outcome{}
		o.readLog(logs[i].String())
		for _, said := range o.objects {
			var r distributedRound
			require.NoError(t, json.Unmarshal([]byte(said.Raw), &r))
			rounds = append(rounds, r)
		}
	}
	require.NotEmpty(t, rounds)
	return rounds, counts
}
