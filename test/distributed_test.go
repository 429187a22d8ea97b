package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// The test of several processes. `make exact` takes more of everything, and all faults.
const (
	distributedListeners  = 120
	distributedBroadcasts = 40
	distributedSeconds    = 3
	distributedFaults     = "unheard,all,storm"
	allFaults             = 12
)

// TestTheSumOverProcessesIsExact: several processes listen, one of them broadcasts, their
// clocks differ, and the sum of what they say is what the gateway did.
func TestTheSumOverProcessesIsExact(t *testing.T) {
	t.Parallel()
	faults, rounds := distributedFaults, 1+strings.Count(distributedFaults, ",")
	if os.Getenv("EXACT_LISTENERS") != "" {
		faults, rounds = "", allFaults
	}
	for _, processes := range numbersOfProcesses(t) {
		vus := 2 * processes
		listeners := int64(number("EXACT_LISTENERS", distributedListeners) / vus * vus)
		for _, side := range []string{"apigw", "appsync", "events"} {
			t.Run(fmt.Sprintf("%d %s", processes, side), func(t *testing.T) {
				t.Parallel()
				g := serve(t, "--fanout", "4")
				told, counts := runDistributed(t, "scripts/distributed.js", processes, g.env(
					"GATEWAY="+side, "HTTP_URL=http://"+g.address, "API_KEY="+gateway.APIKey,
					env("LISTENERS", listeners), env("VUS", vus), "FAULTS="+faults,
					env("BROADCASTS", number("EXACT_BROADCASTS", distributedBroadcasts)), env("SECONDS", number("EXACT_SECONDS", distributedSeconds))))
				require.Len(t, told, rounds)
				for _, round := range told {
					round.requireEqual(t, listeners, counts)
				}
			})
		}
	}
}

// requireEqual compares what the gateway did in a round with the sum over the processes.
func (r *distributedRound) requireEqual(t *testing.T, listeners int64, counts [][]distributedCounts) {
	t.Helper()
	sum := r.sum(t, counts)
	r.requireRead(t, &sum)
	assert.Equal(t, sum.Read, sum.Received, "%s: expected, and read", r.Fault)
	assert.Equal(t, listeners*r.Sent, sum.Received+sum.Lost+sum.Missed, "%s: expected or missed", r.Fault)
	if r.Fault == "storm" {
		r.requireInterval(t, listeners, &sum)
		return
	}
	assert.Equal(t, r.lost(), sum.Lost, "%s: lost", r.Fault)
	assert.Zero(t, sum.Indeterminate, "%s: indeterminate", r.Fault)
	r.requireFault(t, listeners, &sum)
}

// requireInterval requires that the truth of the storm lies in the interval, and that this is
// not too wide: what others heard is certain.
func (r *distributedRound) requireInterval(t *testing.T, listeners int64, sum *distributedCounts) {
	t.Helper()
	r.requireLostWithin(t, sum, doubtfulInAStorm(listeners, number("EXACT_BROADCASTS", distributedBroadcasts), number("EXACT_SECONDS", distributedSeconds)))
	assert.Less(t, sum.Indeterminate, listeners*r.Sent/20, "less than half of what was due to those who were cut off")
	r.requireEverything(t, sum)
}

// requireFault requires that the fault has happened at all.
func (r *distributedRound) requireFault(t *testing.T, listeners int64, sum *distributedCounts) {
	t.Helper()
	switch r.Fault {
	case "drop", "deaf", "cut", "close":
		assert.Positive(t, sum.Lost, r.Fault)
	case "unheard":
		assert.GreaterOrEqual(t, sum.Lost, listeners*int64(len(r.Truth.Last)))
		for _, last := range r.Truth.Last {
			assert.Zero(t, last.Delivered)
		}
	case "duplicate":
		assert.Positive(t, sum.Duplicated)
	case "reorder", "delay":
		assert.Positive(t, sum.Reordered)
	case "all":
		r.requireEverything(t, sum)
		return
	}
	assert.Zero(t, sum.Missed, r.Fault)
}

// requireEverything requires that all has happened that the gateway can do to deliveries.
func (r *distributedRound) requireEverything(t *testing.T, sum *distributedCounts) {
	t.Helper()
	assert.Positive(t, r.Truth.Totals.Dropped, r.Fault)
	assert.Positive(t, r.Truth.Totals.Deaf, r.Fault)
	assert.Positive(t, gone(r.Truth.Totals.Counts), r.Fault)
	assert.Positive(t, sum.Missed, r.Fault)
	assert.Positive(t, sum.Duplicated, r.Fault)
	assert.Positive(t, sum.Reordered, r.Fault)
}
