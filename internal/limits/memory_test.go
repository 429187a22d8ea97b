package limits

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	const (
		free   = 4096 << 10
		v1     = "9:name=systemd:/\n4:cpu,memory:/a/b\n"
		v2     = "0::/a/b\n"
		hybrid = v1 + "0::/c\n"
	)
	for name, test := range map[string]struct {
		groups string
		limits map[string]string
		want   uint64
	}{
		"no groups":              {"", nil, free},
		"no limit":               {v2, map[string]string{"a/b/memory.max": "max\n"}, free},
		"a higher limit":         {v2, map[string]string{"a/b/memory.max": "9000000000\n"}, free},
		"a lower limit":          {v2, map[string]string{"a/b/memory.max": "1000\n"}, 1000},
		"lower in a parent":      {v2, map[string]string{"a/b/memory.max": "1000\n", "a/memory.max": "900\n"}, 900},
		"higher in a parent":     {v2, map[string]string{"a/b/memory.max": "900\n", "a/memory.max": "1000\n"}, 900},
		"from inside":            {v2, map[string]string{"memory.max": "1000\n"}, 1000},
		"of another group":       {v2, map[string]string{"c/memory.max": "1000\n"}, free},
		"version 1":              {v1, map[string]string{"memory/a/b/memory.limit_in_bytes": "1000\n"}, 1000},
		"version 1, no limit":    {v1, map[string]string{"memory/a/b/memory.limit_in_bytes": "9223372036854771712\n"}, free},
		"version 1, wrong file":  {v1, map[string]string{"memory/a/b/memory.max": "1000\n", "a/b/memory.max": "1000\n"}, free},
		"version 2, wrong file":  {v2, map[string]string{"a/b/memory.limit_in_bytes": "1000\n"}, free},
		"no memory controller":   {"4:cpu:/a/b\n", map[string]string{"memory/a/b/memory.limit_in_bytes": "1000\n"}, free},
		"both, version 1 lower":  {hybrid, map[string]string{"memory/a/b/memory.limit_in_bytes": "700\n", "c/memory.max": "800\n"}, 700},
		"both, version 2 lower":  {hybrid, map[string]string{"memory/a/b/memory.limit_in_bytes": "700\n", "c/memory.max": "600\n"}, 600},
		"without a leading path": {"0::a\n", map[string]string{"a/memory.max": "1000\n"}, 1000},
	} {
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

func TestMeminfo(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "MemTotal: 10 kB\n", "MemAvailable:\n", "MemAvailable: x kB\n", "MemAvailable: 99999999999999999 kB\n"} {
		_, err := system(map[string]string{"proc/meminfo": text}).Memory()
		require.ErrorContains(t, err, "proc/meminfo: ", text)
	}
}
