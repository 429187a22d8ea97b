package result

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
	"gopkg.in/guregu/null.v3"
)

func noEnv(string) (string, bool) { return "", false }

func options(t *testing.T, segment, sequence string) *lib.Options {
	t.Helper()
	o := &lib.Options{VUs: null.IntFrom(3)}
	if segment != "" {
		o.ExecutionSegment = &lib.ExecutionSegment{}
		require.NoError(t, o.ExecutionSegment.UnmarshalText([]byte(segment)))
	}
	if sequence != "" {
		o.ExecutionSegmentSequence = &lib.ExecutionSegmentSequence{}
		require.NoError(t, o.ExecutionSegmentSequence.UnmarshalText([]byte(sequence)))
	}
	return o
}

func TestWhichProcess(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		segment, sequence  string
		process, processes int
	}{
		{"", "", 1, 1},
		{"0:1/3", "0,1/3,2/3,1", 1, 3},
		{"1/3:2/3", "0,1/3,2/3,1", 2, 3},
		{"2/3:1", "0,1/3,2/3,1", 3, 3},
		{"1/2:1", "", 2, 2},
	} {
		id := Identify(options(t, row.segment, row.sequence), noEnv)
		require.Equal(t, [2]int{row.process, row.processes}, [2]int{id.Process, id.Processes}, row.segment)
	}
}

func TestWhichRun(t *testing.T) {
	t.Parallel()
	first, second := options(t, "0:1/2", "0,1/2,1"), options(t, "1/2:1", "0,1/2,1")
	first.RunTags = map[string]string{"instance_id": "1"}
	unnamed := Identify(first, noEnv).Run
	require.Len(t, unnamed, 8)
	require.Equal(t, unnamed, Identify(second, noEnv).Run, "all processes of a script have the same")
	second.VUs = null.IntFrom(4)
	require.NotEqual(t, unnamed, Identify(second, noEnv).Run)

	second.RunTags = map[string]string{"testrun_name": "operator"}
	require.Equal(t, "operator", Identify(second, noEnv).Run)
	named := func(name string) (string, bool) { return "mine of " + name, name == "PUSHGW_RUN" }
	require.Equal(t, "mine of PUSHGW_RUN", Identify(second, named).Run)
}

func TestFileName(t *testing.T) {
	t.Parallel()
	require.Equal(t, "pushgw-nightly-2of3.json", Identity{"nightly", 2, 3}.Name())
	require.Equal(t, "pushgw-nightly-4711.json", Identity{"nightly", 4711, 0}.Name())
	require.Equal(t, "pushgw-..-etc-a-b-1of1.json", Identity{"../etc/a b", 1, 1}.Name(), "no directory of its own")
}
