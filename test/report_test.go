package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// report runs `k6 x pushgw report`. It returns its exit code, what it printed as JSON, and
// what it said beside that.
func report(t *testing.T, args ...string) (exit int, numbers gjson.Result, said string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"x", "pushgw", "report", "--json"}, args...)...)
	cmd.Env = append(os.Environ(), "K6_AUTO_EXTENSION_RESOLUTION=false")
	output, err := cmd.Output()
	if err != nil {
		failed := &exec.ExitError{}
		require.ErrorAs(t, err, &failed)
		said = string(failed.Stderr)
	}
	require.True(t, gjson.ValidBytes(output), "%s", output)
	return cmd.ProcessState.ExitCode(), gjson.ParseBytes(output), said
}

// resultFile reads the file of a process.
func resultFile(t *testing.T, directory, name string) (f result.File) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &f))
	require.NotContains(t, string(text), "a-secret")
	require.NotContains(t, string(text), "da2-")
	return f
}

// TestTheReportIsTheGatewaysAccount: what a process writes to its result file, and what
// is reported from it, is what the gateway did.
func TestTheReportIsTheGatewaysAccount(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 50, 20
	g := serve(t, "--drop", "0.02", "--duplicate", "0.03", "--reorder", "0.02")
	directory := t.TempDir()
	o := k6(t, "scripts/report.js", g.env(env("LISTENERS", listeners), env("BROADCASTS", broadcasts),
		"PUSHGW_RESULT="+directory, "PUSHGW_RUN=e2e")...)
	require.Len(t, o.objects, 2)

	written, err := filepath.Glob(filepath.Join(directory, "pushgw-e2e-*.json"))
	require.NoError(t, err)
	require.Len(t, written, 1)
	f := resultFile(t, directory, filepath.Base(written[0]))
	require.Zero(t, f.Processes, "with PUSHGW_RUN alone nobody knows")
	require.Equal(t, result.Ended, f.State)
	require.Equal(t, "v2.2.0", f.Setup.K6)
	require.Equal(t, []result.Gateway{
		{Name: "apigw", URL: g.apigw()}, {Name: "appsync", URL: "ws://" + g.address + "/graphql/realtime"},
	}, f.Setup.Gateways)
	require.EqualValues(t, o.count("ws_sessions"), f.Opened)

	page := filepath.Join(directory, "report.html")
	exit, numbers, _ := report(t, directory, "-o", page)
	require.Zero(t, exit, "there are losses, and nobody has expected none")
	require.FileExists(t, page)
	stats := g.stats(t)
	for at, side := range []gateway.Side{stats.APIGateway, stats.AppSync} {
		found := numbers.Get("runs.0.gateways").Array()[at]
		all, echoes := side.Totals, side.Echoes
		require.Equal(t, broadcasts, int(found.Get("sent").Int()))
		require.EqualValues(t, listeners*broadcasts, found.Get("expected").Int())
		require.Equal(t, all.Delivered-echoes.Delivered, found.Get("received").Int())
		require.Equal(t, all.Dropped-echoes.Dropped, found.Get("lost").Int())
		require.Equal(t, all.Duplicated-echoes.Duplicated, found.Get("duplicated").Int())
		require.Equal(t, all.Reordered-echoes.Reordered, found.Get("reordered").Int())
		require.Equal(t, found.Get("received").Int(), found.Get("delay.count").Int(), "each with its delay")
		require.Positive(t, found.Get("lost").Int())
		require.True(t, found.Get("certain").Bool())
		said := o.objects[at]
		for _, name := range []string{"planned", "expected", "received", "lost", "missed", "late", "duplicated", "reordered", "indeterminate"} {
			require.Equal(t, said.Get(name).Int(), found.Get(name).Int(), name)
		}
		require.InDelta(t, said.Get("last").Num, found.Get("last").Num, 0.001)
	}

	exit, _, said := report(t, page, "--expect", "lost==0", "--expect", "received>0")
	require.Equal(t, 1, exit)
	require.Contains(t, said, "FAIL: lost==0 on API Gateway: ")
	require.NotContains(t, said, "received>0")
}

// TestAKilledProcessIsReported: three processes share a test, and one of them is killed.
// Its last state counts, and the report says so.
func TestAKilledProcessIsReported(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 9, 4
	g := serve(t)
	directory := t.TempDir()
	var processes []*process
	for _, segment := range []string{"0:1/3", "1/3:2/3", "2/3:1"} {
		processes = append(processes, start(t, "scripts/segment.js", g.env(env("LISTENERS", listeners), env("BROADCASTS", broadcasts),
			"PUSHGW_RESULT="+directory, "PUSHGW_RUN=killed",
			"--execution-segment="+segment, "--execution-segment-sequence=0,1/3,2/3,1")...))
	}
	g.statsWhen(t, func(stats *gateway.Stats) bool {
		return stats.APIGateway.Totals.Broadcasts == broadcasts && stats.APIGateway.Totals.Pending == 0
	})
	require.NoError(t, processes[2].cmd.Process.Kill())
	processes[0].wait(t)
	processes[1].wait(t)

	require.Equal(t, result.Ended, resultFile(t, directory, "pushgw-killed-1of3.json").State)
	require.Equal(t, result.Running, resultFile(t, directory, "pushgw-killed-3of3.json").State)
	exit, numbers, said := report(t, directory)
	require.Equal(t, 1, exit)
	require.Contains(t, said, "FAIL: process 3 was killed")
	require.Empty(t, numbers.Get("runs.0.missing").Array())

	require.NoError(t, os.Remove(filepath.Join(directory, "pushgw-killed-3of3.json")))
	exit, _, said = report(t, directory)
	require.Equal(t, 1, exit)
	require.Contains(t, said, "FAIL: process 3 of 3 has left no file")
}

// TestAKilledPublisherIsNoticed: the process that broadcasts is killed in the midst of it. The
// listeners of the other leave by themselves, and what nobody can know is called so.
func TestAKilledPublisherIsNoticed(t *testing.T) {
	t.Parallel()
	g := serve(t)
	directory := t.TempDir()
	script := written(t, `
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		const one = { executor: 'per-vu-iterations', maxDuration: '1h' };
		export const options = {
			scenarios: { listener: { ...one, exec: 'listener', vus: 2 }, broadcast: { ...one, exec: 'broadcast', vus: 2 } },
		};
		export async function listener() {
			console.log(JSON.stringify(await gateway.listen({ connections: 3, until: 'broadcast', duration: '1h' })));
		}
		export async function broadcast() {
			if (__ENV.PUBLISHES !== 'yes') return;
			await gateway.ready({ listeners: 6 });
			await gateway.broadcast({ count: 10000, rate: 5 });
		}`)
	process := func(segment string, settings ...string) *process {
		return startWithin(t, 5*time.Minute, script, g.env(append(settings, "PUSHGW_RESULT="+directory, "PUSHGW_RUN=killed",
			"--execution-segment="+segment, "--execution-segment-sequence=0,1/2,1")...)...)
	}
	publishing, listening := process("0:1/2", "PUBLISHES=yes"), process("1/2:1")
	g.statsWhen(t, func(stats *gateway.Stats) bool { return stats.APIGateway.Totals.Broadcasts >= 20 })
	require.NoError(t, publishing.cmd.Process.Kill())
	o := listening.wait(t)
	require.Greater(t, o.said(t, 1)[0].Get("received").Int(), int64(3*15))
	require.Equal(t, 1, o.count("pushgw_unclosed"))
	require.Contains(t, strings.Join(o.log, "\n"), "has fallen silent in the midst of its broadcasts")

	exit, numbers, said := report(t, directory)
	require.Equal(t, 1, exit)
	require.Contains(t, said, "FAIL: process 1 was killed")
	require.EqualValues(t, 1, numbers.Get("runs.0.gateways.0.unclosed").Int(), numbers.Raw)
}

// TestTheReportTellsHowTheTestEnded: k6 tells as it exits.
func TestTheReportTellsHowTheTestEnded(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]struct {
		conclusion result.Conclusion
		aborted    bool
		says       string
	}{
		"":           {result.Conclusion{How: result.Completed}, false, ""},
		"thresholds": {result.Conclusion{How: result.ThresholdsNotMet, Text: "thresholds on metrics 'ws_sessions' have been crossed", ExitCode: 99}, false, "FAIL: k6's thresholds aren't met"},
		"fail":       {result.Conclusion{How: result.MarkedAsFailed, Text: "test run was marked as failed", ExitCode: 110}, false, "FAIL: the script marked the test as failed"},
		"threshold": {
			result.Conclusion{How: result.AbortedByThreshold, Text: "thresholds on metrics 'pushgw_connections' were crossed", ExitCode: 99},
			true, "FAIL: a threshold aborted the test",
		},
		"script":    {result.Conclusion{How: result.AbortedByScript, Text: "too few rooms", ExitCode: 108}, true, "FAIL: the script aborted the test"},
		"interrupt": {result.Conclusion{How: result.Interrupted, Text: "k6 received a 'interrupt' signal", ExitCode: 105}, true, "FAIL: the test was interrupted"},
		"setup":     {result.Conclusion{How: result.Failed, Text: "Uncaught (in promise) Error: no rooms"}, true, "FAIL: the test ended with an error"},
	} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			directory := t.TempDir()
			p := start(t, "scripts/ending.js", g.env("END="+end, "PUSHGW_RESULT="+directory)...)
			if end == "interrupt" {
				g.statsWhen(t, func(stats *gateway.Stats) bool { return stats.APIGateway.Ready == 1 })
				require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
			}
			p.wait(t)
			written, err := filepath.Glob(filepath.Join(directory, "pushgw-*.json"))
			require.NoError(t, err)
			require.Len(t, written, 1)
			f := resultFile(t, directory, filepath.Base(written[0]))
			require.NotNil(t, f.Conclusion)
			require.Equal(t, want.conclusion, *f.Conclusion)
			exit, numbers, said := report(t, directory)
			require.Equal(t, want.says != "", exit == 1, "exit code %d", exit)
			require.Contains(t, said, want.says)
			require.Equal(t, want.aborted, numbers.Get("runs.0.aborted").Bool())
		})
	}
}
