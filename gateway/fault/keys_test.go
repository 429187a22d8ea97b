package fault

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each key changes the setting that it names, as a flag and as JSON alike.
func TestKeysSet(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"seed": "7", "drop": "1/7", "duplicate": "1/7", "reorder": "1/7", "errors": "1/7", "delay": "7ms", "deaf": "7ms", "slowTLS": "7ms",
		"refuse": "429:1/7", "reject": "Forbidden:1/7", "pace": "7", "unstable": "1/7:7s", "failEvent": "1/7", "eventForm": "list",
		"stopKeepAlive": "true", "cut": "0.7", "close": "1001:0.7",
	}
	require.Len(t, Keys(), len(values))
	seen := map[Change]bool{{}: true}
	for _, key := range Keys() {
		var byFlag Change
		require.NoError(t, byFlag.Set(key.Name, values[key.Name]))
		byJSON, err := Read(Settings{}, []byte(`{"`+key.Name+`": "`+values[key.Name]+`"}`))
		require.NoError(t, err)
		require.Equal(t, byJSON, byFlag)
		require.False(t, seen[byFlag], "%s changes what another key does", key.Name)
		seen[byFlag] = true
		require.Error(t, byFlag.Set(key.Name, "nothing like it"))
		require.Equal(t, byJSON, byFlag, "an impossible value changes nothing")
		require.Equal(t, byFlag.Action != Action{}, key.Flag == "", "only what is done once has no flag")
	}
	var change Change
	require.ErrorIs(t, change.Set("dorp", "1"), errUnknown)
	require.Zero(t, change)
}
