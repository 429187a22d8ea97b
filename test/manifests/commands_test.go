package manifests

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/built"
)

// TestPodsAreExamined: the init container's command is one that k6 understands, whatever
// it says of this machine.
func TestPodsAreExamined(t *testing.T) {
	t.Parallel()
	command := words(at(at(cluster(t)["TestRun"], "spec", "runner", "initContainers").Content[0], "command"))
	require.Equal(t, "k6", command[0])
	output := run(t, command[1:]...)
	require.Regexp(t, `(?m)^10000 connections .*work here`, output)
}

// run returns what k6 prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built.K6(t, root), args...)
	cmd.Env = append(cmd.Environ(), "K6_AUTO_EXTENSION_RESOLUTION=false", "K6_NO_USAGE_REPORT=true")
	output, _ := cmd.CombinedOutput()
	return string(output)
}

// TestTheJobReports: its command is one that k6 understands, and all that it lacks here
// is what a run leaves on the volume.
func TestTheJobReports(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	container := at(all["Job"], "spec", "template", "spec", "containers").Content[0]
	args, volume := words(at(container, "args")), t.TempDir()
	for i, arg := range args {
		args[i] = strings.Replace(arg, "/results/"+text(all["TestRun"], "metadata", "name"), volume, 1)
	}
	require.Contains(t, run(t, args...), "there is no result file")
}
