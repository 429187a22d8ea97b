package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/built"
)

// binary returns the path of the k6 to test.
func binary(t *testing.T) string {
	t.Helper()
	return built.K6(t, "..")
}

// process is a k6 that runs a script.
type process struct {
	cmd     *exec.Cmd
	ctx     context.Context // ends when the process has run for too long
	log     strings.Builder
	samples string       // the path of its JSON output
	memory  func() int64 // ends watching and returns the largest resident set, in bytes
}

// k6 runs a script to its end, with flags and, for __ENV, variables of the form
// NAME=value.
func k6(t *testing.T, script string, settings ...string) *outcome {
	t.Helper()
	return k6Within(t, timeout, script, settings...)
}

// k6Within is k6 with a bound of its own on how long the run may take.
func k6Within(t *testing.T, bound time.Duration, script string, settings ...string) *outcome {
	t.Helper()
	return startWithin(t, bound, script, settings...).wait(t)
}

// start starts what k6 runs to its end. It ends with the test at the latest.
func start(t *testing.T, script string, settings ...string) *process {
	t.Helper()
	return startWithin(t, timeout, script, settings...)
}

func startWithin(t *testing.T, bound time.Duration, script string, settings ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	t.Cleanup(cancel)
	p := &process{ctx: ctx, samples: filepath.Join(t.TempDir(), "samples.json")}
	p.cmd = exec.CommandContext(ctx, binary(t), "run", "--quiet", "--summary-mode=disabled", "--no-usage-report",
		"--log-format=json", "--out=json="+p.samples, script)
	p.cmd.Env = append(os.Environ(), "K6_AUTO_EXTENSION_RESOLUTION=false")
	for _, setting := range settings {
		if strings.HasPrefix(setting, "--") {
			p.cmd.Args = append(p.cmd.Args, setting)
		} else {
			p.cmd.Env = append(p.cmd.Env, setting)
		}
	}
	p.cmd.Stderr = &p.log
	require.NoError(t, p.cmd.Start())
	p.memory = watchMemory(p.cmd.Process.Pid)
	t.Cleanup(func() {
		_ = p.cmd.Wait() // again, unless the test failed before
		if t.Failed() {
			t.Logf("k6 ended with %d and logged:\n%s", p.cmd.ProcessState.ExitCode(), beginning(p.log.String()))
		}
	})
	return p
}

// wait returns what k6 has left behind when it has ended by itself.
func (p *process) wait(t *testing.T) *outcome {
	t.Helper()
	err := p.cmd.Wait()
	memory := p.memory()
	require.NoError(t, p.ctx.Err(), "k6 did not end by itself (memory: %d MB)", memory>>20)
	if failed := (*exec.ExitError)(nil); !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	require.NotContains(t, p.log.String(), "panic", "a panic ends a user's whole run")
	o := &outcome{exit: p.cmd.ProcessState.ExitCode(), stderr: p.log.String(), memory: memory}
	o.readLog(p.log.String())
	o.readSamples(t, p.samples)
	o.requireIdentities(t)
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

// env is one variable.
func env(name string, value any) string { return fmt.Sprintf("%s=%v", name, value) }

// written returns the path of a script with this text, which finds all of the
// extension imported.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.js")
	script := fmt.Sprintf("import { apigw, appsync, events } from 'k6/x/pushgw';\n%s\n", text)
	require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
	return path
}
