package doctor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFindingAsALine(t *testing.T) {
	t.Parallel()
	for level, word := range map[Level]string{OK: "ok  ", Unknown: "?   ", Warn: "warn", Fail: "fail"} {
		line := word + "  memory           little; needed: much"
		if level >= Warn {
			line += "; to change: buy"
		}
		require.Equal(t, line, Finding{Level: level, Check: "memory", Found: "little", Needed: "much", Change: "buy"}.String())
	}
	require.Equal(t, "warn  local addresses  none", Finding{Level: Warn, Check: "local addresses", Found: "none"}.String())
}

func TestFormatBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0 MB", 1: "1 MB", 1e6: "1 MB", 1e6 + 1: "2 MB", 999e6: "999 MB", 999_999_999: "1000 MB",
		1e9: "1.0 GB", 1_549_000_000: "1.5 GB", 12e9: "12.0 GB",
	} {
		require.Equal(t, want, formatBytes(n))
	}
}
