package pushgw

import (
	"fmt"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
)

// processes are those of one test, which have a gateway in common.
type processes []*world

// processes returns the world as the first of so many processes.
func (w *world) processes(n int) processes {
	all := processes{w}
	for len(all) < n {
		all = append(all, &world{T: w.T, network: w.network, process: newProcess()})
	}
	return all
}

// vu returns a VU of the i-th process, from 1.
func (p processes) vu(i int) *vu { return p[i-1].vu(p.part(i)) }

// part is the i-th process's part of the test.
func (p processes) part(i int) func(*lib.State) {
	n := len(p)
	bounds := []string{"0"}
	for k := 1; k < n; k++ {
		bounds = append(bounds, fmt.Sprintf("%d/%d", k, n))
	}
	bounds = append(bounds, "1")
	return segment(p[0], bounds[i-1]+":"+bounds[i], strings.Join(bounds, ","))
}

// together runs each script in a VU, at the same time, and returns what they returned.
func together(t assert.TestingT, scripts map[*vu]string) map[*vu]any {
	var mu sync.Mutex
	var running sync.WaitGroup
	results := make(map[*vu]any)
	for v, script := range scripts {
		running.Go(func() {
			result, err := v.try(script)
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			results[v] = result
		})
	}
	running.Wait()
	return results
}

// segment is a process's part of a test, as --execution-segment and
// --execution-segment-sequence have it.
func segment(w *world, part, sequence string) func(*lib.State) {
	w.Helper()
	var options lib.Options
	var err error
	options.ExecutionSegment, err = lib.NewExecutionSegmentFromString(part)
	require.NoError(w, err)
	if sequence != "" {
		parts, err := lib.NewExecutionSegmentSequenceFromString(sequence)
		require.NoError(w, err)
		options.ExecutionSegmentSequence = &parts
	}
	return func(state *lib.State) {
		state.Options.ExecutionSegment = options.ExecutionSegment
		state.Options.ExecutionSegmentSequence = options.ExecutionSegmentSequence
	}
}
