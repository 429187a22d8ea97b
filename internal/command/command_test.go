package command

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd/tests"
)

// Without a subcommand it helps, and a misspelt one is an error.
func TestCommandKnowsItsSubcommands(t *testing.T) {
	t.Parallel()
	cmd := New(tests.NewGlobalTestState(t).GlobalState)
	cmd.SetArgs(nil)
	cmd.SetOut(io.Discard)
	require.NoError(t, cmd.Execute())
	cmd.SetArgs([]string{"serv"})
	cmd.SetErr(io.Discard)
	require.ErrorContains(t, cmd.Execute(), `unknown command "serv"`)
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	require.Subset(t, names, []string{"serve", "doctor", "report"})
}
