package manifests

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// standIn answers as kubectl does, by the environment: STAGE is the TestRun's, FAILED are the
// jobs that have failed, REPORT is the report's exit code. What it is called with is in
// CALLS, and what is applied in APPLIED.
const standIn = `#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
apply*)
	manifest=$(cat)
	[ -z "$manifest" ] || printf -- '---\n%s\n' "$manifest" >>"$APPLIED"
	;;
get\ testrun/*) echo "$STAGE" ;;
get\ jobs\ *) echo "$FAILED" ;;
get\ job/*) echo 1 ;;
get\ pods\ *) echo "$REPORT" ;;
logs\ *) echo "the log of $2" ;;
esac
`

// TestARunHasOneExitCode: run.sh ends with what became of the test, and says what that was.
func TestARunHasOneExitCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stage, failed, report string
		code                  int
		says                  string
	}{
		"all is well":                {"finished", "", "0", 0, "the log of job/nightly-42-report"},
		"an expectation isn't met":   {"finished", "", "1", 1, "the log of job/nightly-42-report"},
		"there is no report":         {"finished", "", "255", 255, "the log of job/nightly-42-report"},
		"a threshold isn't met":      {"finished", "nightly-42-2", "0", 1, "failed, as by thresholds of their own (see their logs): nightly-42-2"},
		"a node has too few files":   {"created", "nightly-42-2", "0", 1, "(stage created); failed: nightly-42-2\nthe log of job/nightly-42-2"},
		"the script is wrong":        {"initialization", "nightly-42-initializer", "0", 1, "(stage initialization); failed: nightly-42-initializer"},
		"the manifest is wrong":      {"error", "", "0", 1, "run nightly-42 can't begin (stage error)"},
		"no node is free":            {"created", "", "0", 2, "isn't over in time: its stage is created"},
		"it lasts too long":          {"started", "nightly-42-2", "0", 2, "isn't over in time: its stage is started"},
		"the operator isn't running": {"", "", "0", 2, "isn't over in time: its stage is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			calls, applied := filepath.Join(directory, "calls"), filepath.Join(directory, "applied")
			require.NoError(t, os.WriteFile(filepath.Join(directory, "kubectl"), []byte(standIn), 0o700)) //nolint:gosec // it is to be run
			cmd := exec.CommandContext(t.Context(), distributed+"kubernetes/run.sh", root+"/examples/apigw-broadcast.js")
			cmd.Env = append(cmd.Environ(), "PATH="+directory+":"+os.Getenv("PATH"), "CALLS="+calls, "APPLIED="+applied, "RUN=nightly-42", "TIMEOUT=0",
				"STAGE="+test.stage, "FAILED="+test.failed, "REPORT="+test.report)
			output, _ := cmd.CombinedOutput()
			require.Equal(t, test.code, cmd.ProcessState.ExitCode(), "%s", output)
			require.Contains(t, string(output), test.says)
			require.Contains(t, read(t, calls), "delete testrun/nightly-42 job/nightly-42-report --ignore-not-found --cascade=foreground")
			manifests := read(t, applied)
			require.Contains(t, manifests, "name: nightly-42 ")
			require.NotContains(t, manifests, "broadcast-1")
			require.Empty(t, readSchema(t).problems(t, manifests))
			if test.stage == "finished" {
				require.Contains(t, manifests, "--output=/results/nightly-42/report.html")
			}
		})
	}
}
