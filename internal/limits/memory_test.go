package limits

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	const (
		free = 4096 << 10
		v1   = "9:name=systemd:/\n4:cpu,memory:/a/b\n0::/\n"
		v2   = "0::/a/b\n"
	)
	tests := map[string]struct {
		groups string
		limits map[string]string
		want   uint64
	}{
		"no groups":           {"", nil, free},
		"no limit":            {v2, map[string]string{"a/b/memory.max": "max\n"}, free},
		"a higher limit":      {v2, map[string]string{"a/b/memory.max": "9000000000\n"}, free},
		"a lower limit":       {v2, map[string]string{"a/b/memory.max": "1000\n"}, 1000},
		"of a parent":         {v2, map[string]string{"a/b/memory.max": "1000\n", "a/memory.max": "900\n"}, 900},
		"seen from inside":    {v2, map[string]string{"memory.max": "1000\n"}, 1000},
		"of the first kind":   {v1, map[string]string{"memory/a/b/memory.limit_in_bytes": "1000\n"}, 1000},
		"of somebody else":    {v2, map[string]string{"c/memory.max": "1000\n"}, free},
		"none, of first kind": {v1, map[string]string{"memory/a/b/memory.limit_in_bytes": "9223372036854771712\n"}, free},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{
				"proc/meminfo":     "MemTotal:       24684084 kB\nMemAvailable:       4096 kB\n",
				"proc/self/cgroup": test.groups,
			}
			for path, limit := range test.limits {
				files["sys/fs/cgroup/"+path] = limit
			}
			available, err := system(files).Memory()
			require.NoError(t, err)
			require.Equal(t, test.want, available)
		})
	}
}
