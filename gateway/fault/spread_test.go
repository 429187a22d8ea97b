package fault

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpreadIsEven(t *testing.T) {
	t.Parallel()
	s := parse[Spread](t, "10ms..20ms")
	require.Equal(t, 10*time.Millisecond, s.at(0))
	require.Equal(t, 12500*time.Microsecond, s.at(0.25))
	require.Equal(t, 20*time.Millisecond, s.at(1))
	require.Equal(t, 20*time.Millisecond, parse[Spread](t, "20ms").at(0.5))
	require.Zero(t, Spread{}.at(0.5))
}
