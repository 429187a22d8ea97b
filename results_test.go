package pushgw

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
	_ "go.k6.io/k6/v2/lib/executor" // what scenarios do

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// How a test is run is told without what a scenario's environment may hold.
func TestSetupHoldsNoSecret(t *testing.T) {
	t.Parallel()
	var options lib.Options
	require.NoError(t, json.Unmarshal([]byte(`{"scenarios":{"listeners":{
		"executor":"constant-vus","vus":6,"duration":"1m","exec":"listen","env":{"API_KEY":"da2-secret"},"tags":{"owner":"tagged"}
	}},"executionSegment":"0:1/2","executionSegmentSequence":"0,1/2,1","tags":{"t":"tagged"}}`), &options))
	setup := setupOf(&options)
	require.Len(t, setup.Scenarios, 1)
	require.Equal(t, "listeners", setup.Scenarios[0].Name)
	require.Contains(t, setup.Scenarios[0].Description, "3 looping VUs for 1m0s", "this process's part")
	text, err := json.Marshal(setup)
	require.NoError(t, err)
	require.NotContains(t, string(text), "secret")
	require.NotContains(t, string(text), "tagged")
	require.Positive(t, setup.CPUs)
}

// Where nobody asks for a result file there is none, and nothing is kept for one.
func TestNoResultFile(t *testing.T) {
	t.Parallel()
	p := newProcess()
	initVU(t, p, nil)
	require.Nil(t, p.results)
	require.Nil(t, p.telemetry.Results)
}

// A k6 that doesn't tell of the test's end is no reason to have no file. One writer is for
// all VUs.
func TestResultFileWithoutEvents(t *testing.T) {
	t.Parallel()
	p := newProcess()
	directory := t.TempDir()
	env := map[string]string{"PUSHGW_RESULT": directory}
	v := initVU(t, p, env)
	writer := p.results
	require.NotNil(t, writer)
	require.Same(t, writer.Collector, p.telemetry.Results)
	require.Len(t, v.log.AllEntries(), 1)
	initVU(t, p, env)
	require.Same(t, writer, p.results)
	writer.End()
	files, err := os.ReadDir(directory)
	require.NoError(t, err)
	require.Empty(t, files, "no method was called")
}

// Processes that don't know of each other have files of different names.
func TestProcessesWithARunAlone(t *testing.T) {
	t.Parallel()
	p := newProcess()
	initVU(t, p, map[string]string{"PUSHGW_RUN": "alone"})
	options := &lib.Options{}
	p.joinRun(&lib.State{Options: *options})
	id := p.identity(options)
	require.Equal(t, result.Identity{Run: "alone", Process: int(p.ledger.Run().Process), Processes: 0}, id)
	require.Equal(t, id, p.identity(options))

	alone := newProcess()
	initVU(t, alone, nil)
	alone.joinRun(&lib.State{Options: *options})
	id = alone.identity(options)
	require.Equal(t, []int{1, 1}, []int{id.Process, id.Processes})
}
