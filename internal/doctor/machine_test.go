package doctor

import (
	"net/netip"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocalMachine(t *testing.T) {
	t.Parallel()
	m := LocalMachine()
	require.Positive(t, m.CPUs)
	require.Positive(t, m.PageSize)
	own, err := m.Addresses()
	require.NoError(t, err)
	require.Contains(t, own, netip.MustParseAddr("127.0.0.1"))
	require.NoError(t, m.Bind(netip.MustParseAddr("127.0.0.1")))
	require.Error(t, m.Bind(netip.MustParseAddr("198.51.100.77")))
	require.Error(t, m.Bind(netip.Addr{}))
	found, err := m.Resolve(t.Context(), "localhost")
	require.NoError(t, err)
	require.True(t, found[0].IsLoopback())
	if runtime.GOOS != "linux" {
		return
	}
	require.NoError(t, m.Arrivals(t.Context()))
	clock, err := m.Clock()
	require.NoError(t, err)
	require.Positive(t, clock.MaxError)
}
