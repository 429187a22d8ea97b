package limits

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConntrack(t *testing.T) {
	t.Parallel()
	_, err := system(map[string]string{"proc/meminfo": ""}).Conntrack()
	require.ErrorIs(t, err, fs.ErrNotExist, "without /proc/sys/net nothing is known")

	files := map[string]string{"proc/sys/net/ipv4/tcp_mem": "1 2 3"}
	c, err := system(files).Conntrack()
	require.NoError(t, err)
	require.Equal(t, Conntrack{}, c)

	files["proc/sys/net/netfilter/nf_conntrack_max"] = "262144\n"
	_, err = system(files).Conntrack()
	require.ErrorIs(t, err, fs.ErrNotExist)

	files["proc/sys/net/netfilter/nf_conntrack_count"] = "17\n"
	c, err = system(files).Conntrack()
	require.NoError(t, err)
	require.Equal(t, Conntrack{Loaded: true, Max: 262144, Count: 17}, c)
}
