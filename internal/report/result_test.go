package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// resultOf is the result of files of which so much is expected.
func resultOf(t *testing.T, expectations []string, files ...*result.File) Result {
	t.Helper()
	r := joined(t, files...)
	var parsed []Expectation
	for _, text := range expectations {
		e, err := ParseExpectation(text)
		require.NoError(t, err)
		parsed = append(parsed, e)
	}
	return r.Result(CheckAll(parsed, []*Run{r}))
}

// A run passes if all is known, expectations are met, and k6's exit code is 0 in each process.
func TestResults(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	for want, row := range map[string]struct {
		expected []string
		change   func(files []*result.File) []*result.File
	}{
		"PASS: 2 expectations are met (exit code 0)":                {expected: []string{"lost==0", "p99<10s"}},
		"Nothing was expected (--expect) (exit code 0)":             {},
		"FAIL: p50<1 ms: 16.8 ms; received==5: 3,200 (exit code 1)": {expected: []string{"p50<1", "received==5", "lost==0"}},
		"FAIL: process 2 of 2 has left no file (exit code 1)":       {change: func(files []*result.File) []*result.File { return files[:1] }},
		"FAIL: k6's thresholds aren't met (exit code 1)":            {change: concluded(result.ThresholdsNotMet, 99), expected: []string{"lost==0"}},
		"FAIL: the test was interrupted (exit code 1)":              {change: concluded(result.Interrupted, 105)},
		"FAIL: not all losses are known; not known: lost==0 (exit code 1)": {
			change: func(files []*result.File) []*result.File { files[1].NotRecorded = 1; return files }, expected: []string{"lost==0"},
		},
	} {
		files := s.files()
		if row.change != nil {
			files = row.change(files)
		}
		found := resultOf(t, row.expected, files...)
		require.Equal(t, want, found.String())
		require.Equal(t, found.Word == "FAIL", found.ExitCode == 1)
	}
}

// concluded has k6 end the last process so.
func concluded(how result.How, code int) func([]*result.File) []*result.File {
	return func(files []*result.File) []*result.File {
		files[len(files)-1].Conclusion = &result.Conclusion{How: how, ExitCode: code}
		return files
	}
}

// Where a process was killed, its listeners bound what isn't known.
func TestWhatAKilledProcessHasNotTold(t *testing.T) {
	t.Parallel()
	s := small
	s.dropped = 0
	files := s.files()
	files[2].State, files[2].Ended, files[2].Written = result.Running, nil, files[2].Started
	heard := files[2].Accounts[0]
	heard.Broadcasts = heard.Broadcasts[:5]
	r := joined(t, files...)
	most, known := r.unaccounted("")
	require.True(t, known)
	require.EqualValues(t, 15*40, most)
	require.Equal(t, "Process 3 was killed; up to 600 deliveries aren't accounted for; none of the 1,800 known deliveries was lost",
		r.Verdict().Headline)
	require.Equal(t, []string{
		"process 3 was killed between 07:40:48, when its file was last written, and 07:40:53: it has an account of 5 of the 20 broadcasts, " +
			"the last sent at 07:41:00, and what its listeners received and lost of the others isn't known",
	}, r.Unknown)
	require.Equal(t, Tile{Suspect, "Lost", "0 known", "of 1,800 known deliveries; up to 600 more aren't accounted for"}, r.lossTile())
	require.Equal(t, Tile{Bad, "Processes", "1 killed", "of 3"}, r.processTile())
	require.Equal(t, "not known", r.Health().InShort(), "whether it is at fault for the delays")
	require.True(t, r.Health().AtFault)
	require.Empty(t, r.Health().Late)
	require.True(t, strings.HasPrefix(r.Health().Text, "Process 3 was killed. As far as is known, not at fault for the delays: it read 99 %"), r.Health().Text)
	require.False(t, summaryOf(r, nil).Gateways[0].Certain, "percentiles of a run of which a part isn't known")

	heard.Broadcasts = nil
	require.Contains(t, joined(t, files...).Unknown[0], "07:40:53: it has no account of any broadcast, so what its listeners received and lost isn't known")
	heard.Broadcasts = s.files()[2].Accounts[0].Broadcasts[:5]
	files[0].State = result.Running
	require.Contains(t, joined(t, files...).Unknown[1], "07:40:53: it has an account of 5 broadcasts, the last sent at 07:41:00, and")
	_, known = joined(t, files...).unaccounted("")
	require.False(t, known, "how many broadcasts there were, the publisher hasn't told")
	_, known = joined(t, s.files()[:2]...).unaccounted("")
	require.False(t, known, "how many listeners the missing process had")
}

// Publishers that have ended have told how many broadcasts they haven't sent, whoever was killed.
func TestWhatIsKnownOfAnIncompleteRun(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[2].State, files[2].Ended = result.Running, nil
	r := joined(t, files...)
	outcome := func(text string) Outcome {
		e, err := ParseExpectation(text)
		require.NoError(t, err)
		return e.Check(r)[0]
	}
	require.True(t, outcome("unsent==0").Met)
	require.Equal(t, Outcome{Expectation: "lost==0", Run: "small", Gateway: "apigw", Found: "at least " + number(r.Gateways[0].Lost())}, outcome("lost==0"))
	require.True(t, outcome("missed==0").Unknown)
	require.Equal(t, "0 as far as is known", outcome("missed<1").Found)
	require.Equal(t, "p99<5 ms", outcome("p99<5").Text())
	require.True(t, outcome("p99<5").Unknown)
}

// Processes that were started without the sequence of all segments say different numbers.
func TestProcessesWithoutTheSequence(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[0].Processes, files[2].Process, files[2].Processes = 2, 2, 2
	r := joined(t, files...)
	require.True(t, r.Incomplete)
	require.Empty(t, r.Missing)
	require.Equal(t, []string{
		"the files are of 2 and 3 processes: they are of several runs, or the processes weren't given the same --execution-segment-sequence",
	}, r.Unknown)
	require.Equal(t, Tile{Bad, "Processes", "3", "the files are of 2 and 3 processes"}, r.processTile())
	require.Equal(t, "3 processes", processes(r))
	for _, f := range files {
		f.Accounts = nil
	}
	require.Equal(t, "The files are of 2 and 3 processes; no process that left a file published", joined(t, files...).Verdict().Headline)
	for _, f := range files {
		f.Conclusion = &result.Conclusion{How: result.ThresholdsNotMet, ExitCode: 99}
	}
	require.Equal(t, []string{"k6's thresholds aren't met in processes 1 of 2, 2 of 3 and 2 of 2."}, joined(t, files...).Verdict().Causes)
	files[0].Barriers = []string{"ready(): too few"}
	require.Equal(t, "Nothing is known to have been broadcast: ready() was rejected", joined(t, files...).Verdict().Headline)
}

// Thresholds that aren't met are no reason why nothing was broadcast.
func TestNothingBroadcastAndThresholdsNotMet(t *testing.T) {
	t.Parallel()
	s := quick
	s.broadcasts = 0
	v := joined(t, concluded(result.ThresholdsNotMet, 99)(s.files())...).Verdict()
	require.Equal(t, "Nothing was broadcast, and k6's thresholds aren't met", v.Headline)
	require.Equal(t, Bad, v.Level)
}
