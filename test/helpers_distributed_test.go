package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// distributedClocks is by how much the processes' clocks are wrong, one after another.
var distributedClocks = []time.Duration{-time.Hour, 0, 3 * time.Second}

// numbersOfProcesses are in how many processes a distributed test is run, one number after
// another. PROCESSES has others, between spaces.
func numbersOfProcesses(t *testing.T) (numbers []int) {
	t.Helper()
	text, given := os.LookupEnv("PROCESSES")
	if !given {
		return []int{len(distributedClocks)}
	}
	for _, word := range strings.Fields(text) {
		n, err := strconv.Atoi(word)
		require.NoError(t, err, "PROCESSES")
		numbers = append(numbers, n)
	}
	return numbers
}

// distributedCounts is what a process counted in a round.
type distributedCounts struct {
	Lost, Missed, Indeterminate, Duplicated, Reordered, Unclosed int64
	Received                                                     int64 // of what it expected
	Read                                                         int64 // first copies
}

// distributedRound is what the gateway did in a round.
type distributedRound struct {
	Fault string
	Round int
	Sent  int64
	Truth struct {
		Totals   truth.Totals
		Echoes   truth.Counts
		Control  truth.Control
		Accepted int64         // connections, since the first broadcast
		Last     []truth.Entry // of the broadcasts
	}
}

// lost is how many deliveries to listeners the gateway withheld, or couldn't write.
func (r *distributedRound) lost() int64 {
	withheld := func(n *truth.Counts) int64 { return n.Dropped + n.Deaf + gone(*n) }
	return withheld(&r.Truth.Totals.Counts) - withheld(&r.Truth.Echoes)
}

// sum returns what the processes counted in the round together.
func (r *distributedRound) sum(t *testing.T, counts [][]distributedCounts) (sum distributedCounts) {
	t.Helper()
	for _, process := range counts {
		c := process[r.Round-1]
		sum.Lost += c.Lost
		sum.Missed += c.Missed
		sum.Indeterminate += c.Indeterminate
		sum.Duplicated += c.Duplicated
		sum.Reordered += c.Reordered
		sum.Unclosed += c.Unclosed
		sum.Received += c.Received
		sum.Read += c.Read
		assert.Positive(t, c.Received, "every process has its part")
	}
	t.Logf("%-9s %+v; the gateway lost %d", r.Fault, sum, r.lost())
	return sum
}

// requireRead requires that the processes have read what the gateway has written.
func (r *distributedRound) requireRead(t *testing.T, sum *distributedCounts) {
	t.Helper()
	all, echoes := r.Truth.Totals, r.Truth.Echoes
	assert.Equal(t, all.Delivered-echoes.Delivered, sum.Read, "%s: received", r.Fault)
	assert.Equal(t, all.Duplicated-echoes.Duplicated, sum.Duplicated, "%s: duplicated", r.Fault)
	assert.Equal(t, all.Reordered-echoes.Reordered, sum.Reordered, "%s: reordered", r.Fault)
	assert.Zero(t, sum.Unclosed, "%s: unclosed", r.Fault)
	assert.Positive(t, r.Truth.Control.Messages)
}

// requireLostWithin requires that what the gateway lost lies in the interval that the processes
// tell, if the two may differ about so many deliveries whether they were expected.
func (r *distributedRound) requireLostWithin(t *testing.T, sum *distributedCounts, doubtful int64) {
	t.Helper()
	assert.LessOrEqual(t, sum.Lost-doubtful, r.lost(), r.Fault)
	assert.GreaterOrEqual(t, sum.Lost+sum.Indeterminate+doubtful, r.lost(), r.Fault)
}

// doubtfulInAStorm is about how many deliveries the gateway and an account may differ, where
// 5 % of the listeners are cut and 5 % closed while broadcasts are sent. A listener may be cut off
// between a broadcast's stamp and the gateway's reading it, or while its process hasn't
// noticed: then the account expects it there, and the gateway doesn't. Or its process has
// noticed, and the gateway still has it in the room. No such moment takes a second.
func doubtfulInAStorm(listeners int64, broadcasts, seconds int) int64 {
	return (listeners/10 + 2) * int64(broadcasts/seconds)
}

// runDistributed runs a script in n processes, and returns the rounds that one of them tells
// of and what each counted in each.
func runDistributed(t *testing.T, script string, n int, environment []string) (rounds []distributedRound, counts [][]distributedCounts) {
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
			"--execution-segment="+bounds[i]+":"+bounds[i+1], "--execution-segment-sequence="+strings.Join(bounds, ","), script)
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
