package manifests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// TestTheTaskIsOfOnePiece: the containers and the script have the same numbers, and the
// volume is there.
func TestTheTaskIsOfOnePiece(t *testing.T) {
	t.Parallel()
	text := read(t, distributed+"fargate/task.json")
	require.True(t, gjson.Valid(text))
	task := gjson.Parse(text)
	doctor, k6 := task.Get("containerDefinitions.0"), task.Get("containerDefinitions.1")
	require.Equal(t, doctor.Get("name").Str, k6.Get("dependsOn.0.containerName").Str)
	require.Equal(t, doctor.Get("image").Str, k6.Get("image").Str)
	require.Equal(t, doctor.Get("ulimits").Raw, k6.Get("ulimits").Raw)
	require.Equal(t, task.Get("volumes.0.name").Str, k6.Get("mountPoints.0.sourceVolume").Str)
	script := read(t, root+"/examples/apigw-broadcast.js")
	number := func(variable string) int {
		require.Contains(t, script, "__ENV."+variable)
		n, err := strconv.Atoi(k6.Get(`environment.#(name=="` + variable + `").value`).Str)
		require.NoError(t, err, variable)
		return n
	}
	require.Zero(t, number("LISTENERS")%number("VUS"))
	require.Zero(t, number("VUS")%number("SEGMENTS"))
	require.Equal(t, strconv.Itoa(number("LISTENERS")/number("SEGMENTS")), doctor.Get("command.4").Str)
	require.Equal(t, strconv.Itoa(number("LISTENERS")/number("VUS")), doctor.Get("command.6").Str)
}

// aws answers as AWS's command line does: a task's name is its number, and CODES are the
// tasks' exit codes. What is to be run is in CALLS.
const aws = `#!/bin/bash
case "$2" in
run-task)
	echo "$*" >>"$CALLS"
	grep -c . "$CALLS"
	;;
describe-tasks)
	codes=($CODES)
	echo "${codes[$6 - 1]}"
	;;
esac
`

// TestFargateHasOneExitCode: run.sh runs the segments and the report, and ends with what
// became of them.
func TestFargateHasOneExitCode(t *testing.T) {
	t.Parallel()
	for codes, want := range map[string]int{
		"0 0 0 0": 0, "0 99 0 0": 99, "0 99 0 1": 1, "0 0 0 255": 255, "0 None 0 1": 1, "0 None 0 0": 2,
	} {
		t.Run(codes, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			calls := filepath.Join(directory, "calls")
			require.NoError(t, os.WriteFile(filepath.Join(directory, "aws"), []byte(aws), 0o700)) //nolint:gosec // it is to be run
			cmd := exec.CommandContext(t.Context(), distributed+"fargate/run.sh", "apigw-broadcast.js", "--expect", "lost==0")
			cmd.Env = append(cmd.Environ(), "PATH="+directory+":"+os.Getenv("PATH"), "CALLS="+calls, "CODES="+codes,
				"CLUSTER=load", "SUBNETS=subnet-1", "SECURITY_GROUPS=sg-1", "RUN=nightly-42")
			output, _ := cmd.CombinedOutput()
			require.Equal(t, want, cmd.ProcessState.ExitCode(), "%s", output)
			tasks := strings.Split(strings.TrimSpace(read(t, calls)), "\n")
			require.Len(t, tasks, 4)
			for i, want := range []string{
				`["run","--quiet","--execution-segment","0/3:1/3","--execution-segment-sequence","0,1/3,2/3,1","/home/k6/apigw-broadcast.js"]`,
				`["run","--quiet","--execution-segment","1/3:2/3","--execution-segment-sequence","0,1/3,2/3,1","/home/k6/apigw-broadcast.js"]`,
				`["run","--quiet","--execution-segment","2/3:3/3","--execution-segment-sequence","0,1/3,2/3,1","/home/k6/apigw-broadcast.js"]`,
				`["x","pushgw","report","/results/nightly-42","--output","/results/nightly-42/report.html","--expect","lost==0"]`,
			} {
				_, overrides, found := strings.Cut(tasks[i], "--overrides ")
				require.True(t, found)
				require.True(t, gjson.Valid(overrides), overrides)
				require.JSONEq(t, want, gjson.Get(overrides, "containerOverrides.0.command").Raw)
				require.Equal(t, "nightly-42", gjson.Get(overrides, `containerOverrides.0.environment.#(name=="PUSHGW_RUN").value`).Str)
			}
		})
	}
}
