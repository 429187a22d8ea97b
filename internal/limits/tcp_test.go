package limits

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTCP(t *testing.T) {
	t.Parallel()
	s := system(map[string]string{
		"proc/sys/net/ipv4/tcp_mem":  "287898\t383867\t575796\n",
		"proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t33554432\n",
		"proc/sys/net/ipv4/tcp_wmem": "8192\t16384\t4194304\n",
		"proc/net/sockstat":          sockstat,
	})
	memory, err := s.TCPMemory()
	require.NoError(t, err)
	require.Equal(t, TCPMemory{Pressure: 383867, Max: 575796, Used: 183}, memory)
	waiting, err := s.TimeWait()
	require.NoError(t, err)
	require.Equal(t, 1038, waiting)
	received, sent, err := s.TCPMinBuffers()
	require.NoError(t, err)
	require.Equal(t, [2]uint64{4096, 8192}, [2]uint64{received, sent})
}

func TestSockstat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"TCP: tw 1\n":                              1,
		"TCP: inuse 2 tw 3\n":                      3,
		"\nUDP: tw 9\nTCP: inuse 2 tw 4\n":         4,
		"TCP6: tw 9\nTCP: inuse 2 orphan 1 tw 5":   5,
		"TCP: inuse tw tw 6\nFRAG: inuse 0 tw 7\n": 6,
	} {
		n, err := system(map[string]string{"proc/net/sockstat": text}).TimeWait()
		require.NoError(t, err, text)
		require.Equal(t, want, n, text)
	}
	for _, text := range []string{"TCP: tw", "TCP: inuse 1", "UDP: tw 1", "TCP: tw -1"} {
		_, err := system(map[string]string{"proc/net/sockstat": text}).TimeWait()
		require.Error(t, err, text)
	}
}
