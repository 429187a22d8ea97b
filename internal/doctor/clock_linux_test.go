package doctor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestClockOfTheKernelsState(t *testing.T) {
	t.Parallel()
	const nano, unsynchronised = 0x2000, 0x40 // STA_NANO, STA_UNSYNC
	require.Equal(t, Clock{Synchronised: true, MaxError: 16 * time.Millisecond, EstError: 120 * time.Microsecond},
		clockOf(unix.Timex{Status: nano, Maxerror: 16_000, Esterror: 120}))
	require.Equal(t, Clock{MaxError: 16 * time.Second},
		clockOf(unix.Timex{Status: nano | unsynchronised, Maxerror: 16_000_000}))
}
