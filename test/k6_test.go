// Package e2e tests the extension as its users have it: scripts run by the built
// k6, against the local gateway of the same k6. It asserts counts, never times.
package e2e

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// patience is how long any run may take: a VU that hangs makes the test fail.
const patience = time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait for most of their time
	os.Exit(m.Run())
}

// binary is the k6 to test.
func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("K6")
	if path == "" {
		path = "../k6"
	}
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	require.FileExists(t, path, "there is no k6 to test: run `make build`, or say with K6=… where it is")
	return path
}

// outcome is all that a run of k6 left behind.
type outcome struct {
	exit    int
	said    []gjson.Result // objects that the script logged, perhaps with words before them
	log     []string       // what k6 logged at levels warning and error, with the error's own text
	samples []gjson.Result // see "JSON output" in k6's documentation
	stderr  string         // all that k6 logged, and whatever it wrote there as it died
	memory  int64          // the largest resident set it had, in bytes
}

// k6 runs a script to its end, with flags and, for __ENV, variables of the form
// NAME=value.
func k6(t *testing.T, script string, settings ...string) *outcome {
	t.Helper()
	return k6Within(t, patience, script, settings...)
}

// k6Within is k6 with a bound of its own on how long the run may take.
func k6Within(t *testing.T, bound time.Duration, script string, settings ...string) *outcome {
	t.Helper()
	output := filepath.Join(t.TempDir(), "samples.json")
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), "run", "--quiet", "--summary-mode=disabled", "--no-usage-report",
		"--log-format=json", "--out=json="+output, script)
	cmd.Env = append(os.Environ(), "K6_AUTO_EXTENSION_RESOLUTION=false")
	for _, setting := range settings {
		if strings.HasPrefix(setting, "--") {
			cmd.Args = append(cmd.Args, setting)
		} else {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	var log strings.Builder
	cmd.Stderr = &log

	require.NoError(t, cmd.Start())
	memory := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	peak := memory()
	require.NoError(t, ctx.Err(), "k6 did not end by itself within %s (memory: %d MB):\n%s", bound, peak>>20, beginning(log.String()))
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	o := &outcome{exit: cmd.ProcessState.ExitCode(), stderr: log.String(), memory: peak}
	o.readLog(log.String())
	o.readSamples(t, output)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("k6 ended with %d and logged:\n%s", o.exit, beginning(o.stderr))
		}
	})
	return o
}

// beginning is as much of a log as somebody will read.
func beginning(log string) string {
	const enough = 16 << 10
	if len(log) <= enough {
		return log
	}
	return fmt.Sprintf("%s… (%d bytes more)", log[:enough], len(log)-enough)
}

func (o *outcome) readLog(log string) {
	for line := range strings.Lines(log) {
		entry := gjson.Parse(line)
		message := entry.Get("msg").Str
		switch {
		case entry.Get("source").Str == "console":
			o.said = append(o.said, gjson.Parse(message[max(0, strings.IndexByte(message, '{')):]))
		case entry.Get("level").Str == "warning", entry.Get("level").Str == "error":
			if cause := entry.Get("error").Str; cause != "" {
				message += ": " + cause
			}
			o.log = append(o.log, message)
		}
	}
}

func (o *outcome) readSamples(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return // k6 stopped before the test began
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if point := gjson.ParseBytes(lines.Bytes()); point.Get("type").Str == "Point" {
			o.samples = append(o.samples, point)
		}
	}
}

// values returns a metric's values, of the samples that have these tags, each of
// the form name=value.
func (o *outcome) values(metric string, tags ...string) []float64 {
	var values []float64
	for _, sample := range o.samples {
		if sample.Get("metric").Str == metric && tagged(sample.Get("data.tags"), tags) {
			values = append(values, sample.Get("data.value").Num)
		}
	}
	return values
}

func tagged(has gjson.Result, want []string) bool {
	for _, tag := range want {
		name, value, _ := strings.Cut(tag, "=")
		if has.Get(name).Str != value {
			return false
		}
	}
	return true
}

// count is a Counter's total, or how often a Rate was 1.
func (o *outcome) count(metric string, tags ...string) int {
	sum := 0.0
	for _, value := range o.values(metric, tags...) {
		sum += value
	}
	return int(sum)
}

// observed is how many values a Trend or a Rate has.
func (o *outcome) observed(metric string, tags ...string) int { return len(o.values(metric, tags...)) }

// requireCounts compares Counters; a key is the metric's name, perhaps with tags
// behind it: "pushgw_closed by=gateway".
func (o *outcome) requireCounts(t *testing.T, want map[string]int) {
	t.Helper()
	got := make(map[string]int)
	for key := range want {
		words := strings.Fields(key)
		got[key] = o.count(words[0], words[1:]...)
	}
	require.Equal(t, want, got)
}

// requireClean is true of a run in which nothing went wrong.
func (o *outcome) requireClean(t *testing.T) {
	t.Helper()
	require.Zero(t, o.exit, "k6's exit code")
	o.requireCounts(t, map[string]int{
		"pushgw_connect_failed": 0, "pushgw_errors": 0, "pushgw_lost": 0,
		"pushgw_duplicated": 0, "pushgw_reordered": 0, "pushgw_indeterminate": 0,
	})
	require.NotContains(t, o.values("ResponseSuccessRate"), 0.0)
	require.NotContains(t, o.values("checks"), 0.0)
	for _, line := range o.log {
		require.Contains(t, line, "No script iterations fully finished")
	}
}

// env is one variable.
func env(name string, value any) string { return fmt.Sprintf("%s=%v", name, value) }

// written returns the path of a script with this text, which finds all of the
// extension imported.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.js")
	script := fmt.Sprintf("import { apigw, appsync } from 'k6/x/pushgw';\n%s\n", text)
	require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
	return path
}
