package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd/tests"
	"go.k6.io/k6/v2/errext"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// resultFile writes the file of one of two processes that received three deliveries of
// four, and returns its path.
func resultFile(t *testing.T, directory string, process int) string {
	t.Helper()
	now := time.Now()
	c := result.NewCollector()
	id := result.Identity{Run: "nightly", Process: process, Processes: 2}
	c.Begin(id, result.Setup{}, now)
	origin := result.OriginOf("apigw", 7)
	if process == 1 {
		c.SeriesBegun(origin, 1)
		c.SeriesEnded(origin, 0, 0)
	}
	b := result.Broadcast{From: 1, To: 1, Count: 1, SentFirst: now.UnixMilli(), SentLast: now.UnixMilli(), Expected: 4, Received: 3, Missing: 1, Reached: 1, First: 1000, Last: 3000}
	c.BroadcastSettled(origin, process == 1, b)
	batch := &result.Batch{Gateway: "apigw"}
	for ms := range 3 {
		batch.Deliveries = append(batch.Deliveries, result.Delivery{Origin: 7, Local: process == 1, Delay: time.Duration(ms+1) * time.Millisecond})
	}
	c.Add(batch, now)
	f := c.Snapshot()
	f.State, f.Written, f.Clock.Kernel = result.Ended, now.Add(time.Minute), "one"
	text, err := json.Marshal(f)
	require.NoError(t, err)
	path := filepath.Join(directory, id.Name())
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// reported runs `k6 x pushgw report` and returns what it prints.
func reported(t *testing.T, args ...string) (string, error) {
	t.Helper()
	gs := tests.NewGlobalTestState(t).GlobalState
	var printed bytes.Buffer
	gs.Stdout.Writer = &printed
	cmd := New(gs)
	cmd.SetArgs(append([]string{"report"}, args...))
	cmd.SetOut(&printed)
	cmd.SetErr(&printed)
	err := cmd.Execute()
	return printed.String(), err
}

// requireExitCode: k6 exits with this code because of the error.
func requireExitCode(t *testing.T, code int, err error) {
	t.Helper()
	var coded errext.HasExitCode
	require.ErrorAs(t, err, &coded)
	require.EqualValues(t, code, coded.ExitCode())
}

func TestReportJoinsFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	resultFile(t, directory, 1)
	resultFile(t, directory, 2)
	page, curves := filepath.Join(directory, "new", "report.html"), filepath.Join(directory, "curves")
	text, err := reported(t, directory, "-o", page, "--hgrm", curves, "--expect", "lost==2", "--expect", "p99<500", "--expect", "reach>=0.75")
	require.NoError(t, err)
	require.Contains(t, text, "run nightly: 2 of 2 processes")
	require.Contains(t, text, "2 of 8 deliveries were lost (25.00 %)")
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), "2 of 8 deliveries were lost")
	hgrm, err := os.ReadFile(filepath.Join(curves, "nightly-apigw.hgrm"))
	require.NoError(t, err)
	require.Contains(t, string(hgrm), "Total count    =            6")

	text, err = reported(t, page, "--json")
	require.NoError(t, err)
	var numbers struct {
		Runs []struct {
			Processes int
			Gateways  []struct{ Lost, Expected int }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &numbers))
	require.Equal(t, 2, numbers.Runs[0].Processes)
	require.Equal(t, 2, numbers.Runs[0].Gateways[0].Lost)
	require.Equal(t, 8, numbers.Runs[0].Gateways[0].Expected)
}

func TestReportExitCodes(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	first := resultFile(t, directory, 1)
	resultFile(t, directory, 2)

	_, err := reported(t, directory, "--expect", "lost==0", "--expect", "p50<100")
	require.ErrorContains(t, err, "run nightly: FAIL: lost==0: 2 (exit code 1)")
	require.NotContains(t, err.Error(), "p50")
	requireExitCode(t, 1, err)

	_, err = reported(t, first)
	require.ErrorContains(t, err, "run nightly: FAIL: process 2 of 2 has left no file (exit code 1)")
	requireExitCode(t, 1, err)

	f, err := os.ReadFile(filepath.Join(directory, "pushgw-nightly-2of2.json"))
	require.NoError(t, err)
	unclosed := t.TempDir()
	resultFile(t, unclosed, 1)
	open := bytes.Replace(f, []byte(`"local":false,`), []byte(`"local":false,"unclosed":1,`), 1)
	open = bytes.Replace(open, []byte(`"to":1,`), []byte(`"to":2,`), 1)
	require.NoError(t, os.WriteFile(filepath.Join(unclosed, "pushgw-nightly-2of2.json"), open, 0o600))
	_, err = reported(t, unclosed)
	require.ErrorContains(t, err, "run nightly: FAIL: not all losses are known (exit code 1)")
	requireExitCode(t, 1, err)

	interrupted := bytes.Replace(f, []byte(`"state":"ended",`), []byte(`"state":"ended","conclusion":{"how":"interrupted","exitCode":105},`), 1)
	require.NoError(t, os.WriteFile(filepath.Join(unclosed, "pushgw-nightly-2of2.json"), interrupted, 0o600))
	_, err = reported(t, unclosed)
	require.ErrorContains(t, err, "run nightly: FAIL: the test was interrupted (exit code 1)")
	requireExitCode(t, 1, err)

	crossed := bytes.Replace(f, []byte(`"state":"ended",`), []byte(`"state":"ended","conclusion":{"how":"thresholds","exitCode":99},`), 1)
	require.NoError(t, os.WriteFile(filepath.Join(unclosed, "pushgw-nightly-2of2.json"), crossed, 0o600))
	_, err = reported(t, unclosed)
	require.ErrorContains(t, err, "run nightly: FAIL: k6's thresholds aren't met (exit code 1)")
	requireExitCode(t, 1, err)

	require.NoError(t, os.WriteFile(first, []byte(`{"version":`), 0o600))
	text, err := reported(t, directory)
	require.ErrorContains(t, err, "run nightly: FAIL: process 1 of 2 has left no file that can be used (exit code 1)")
	require.Contains(t, text, "pushgw-nightly-1of2.json can't be used")
	requireExitCode(t, 1, err)

	text, err = reported(t, first)
	require.ErrorContains(t, err, "there is no result file that can be used")
	require.Contains(t, text, "torn")
	requireExitCode(t, 1, err)
}

func TestReportRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	resultFile(t, directory, 1)
	resultFile(t, directory, 2)
	for _, row := range []struct {
		args []string
		says string
	}{
		{nil, "requires at least 1 arg"},
		{[]string{t.TempDir()}, "there is no result file (pushgw-*.json) in it"},
		{[]string{filepath.Join(directory, "nowhere")}, "no such file"},
		{[]string{directory, "--expect", "losses==0"}, "--expect: \"losses==0\": there is no losses"},
		{[]string{directory, "-o", directory}, "--output: "},
		{[]string{directory, "--hgrm", filepath.Join(directory, "pushgw-nightly-1of2.json")}, "--hgrm: "},
	} {
		_, err := reported(t, row.args...)
		require.ErrorContains(t, err, row.says)
	}
}
