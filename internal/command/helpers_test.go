package command

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd/tests"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// requireDefaults: these flags of a subcommand have these defaults.
func requireDefaults(t *testing.T, subcommand string, defaults map[string]string) {
	t.Helper()
	cmd, _, err := New(tests.NewGlobalTestState(t).GlobalState).Find([]string{subcommand})
	require.NoError(t, err)
	require.Equal(t, subcommand, cmd.Name())
	for name, value := range defaults {
		flag := cmd.Flags().Lookup(name)
		require.NotNil(t, flag, name)
		require.Equal(t, value, flag.DefValue, name)
	}
}
