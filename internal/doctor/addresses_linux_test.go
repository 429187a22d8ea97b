package doctor

import (
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The address is used by no other test, and is the same in either byte order, because
// /proc/net/udp shows addresses as hexadecimal numbers in the machine's own order.
func TestBindKeepsNoSocket(t *testing.T) {
	t.Parallel()
	require.NoError(t, bind(netip.MustParseAddr("127.75.75.127")))
	sockets, err := os.ReadFile("/proc/net/udp")
	require.NoError(t, err)
	require.NotContains(t, string(sockets), "7F4B4B7F")
}
