package doctor

import (
	"net/netip"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThisMachine(t *testing.T) {
	t.Parallel()
	h := LocalMachine()
	require.Positive(t, h.CPUs)
	require.Positive(t, h.PageSize)
	own, err := h.Addresses()
	require.NoError(t, err)
	require.Contains(t, own, netip.MustParseAddr("127.0.0.1"))
	require.NoError(t, h.Bind(netip.MustParseAddr("127.0.0.1")))
	require.Error(t, h.Bind(netip.MustParseAddr("198.51.100.77")))
	require.Error(t, h.Bind(netip.Addr{}))
	found, err := h.Resolve(t.Context(), "localhost")
	require.NoError(t, err)
	require.True(t, found[0].IsLoopback())
	if runtime.GOOS != "linux" {
		return
	}
	require.NoError(t, h.Arrivals(t.Context()))
	clock, err := h.Clock()
	require.NoError(t, err)
	require.Positive(t, clock.Most)
}
