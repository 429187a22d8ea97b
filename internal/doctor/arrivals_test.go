package doctor

import (
	"context"
	"net"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/wire"
	"github.com/stretchr/testify/require"
)

func TestArrivalTimes(t *testing.T) {
	t.Parallel()
	examine(t, "arrival times", map[string]variation{
		"of reading": {
			machine: func(m *Machine) { m.Arrivals = func(context.Context) error { return errNoKernelTime } },
			level:   Warn, found: "those of reading, in which this machine's own delay is: no kernel timestamp", needed: "the kernel's", change: "watch pushgw_read_lag",
		},
	})
}

// Times of reading aren't taken for the kernel's.
func TestMessagesThatTheKernelDoesNotDate(t *testing.T) {
	t.Parallel()
	require.Equal(t, errNoKernelTime, kernelDates(t.Context(), wire.ReadTime))
}

func TestKernelDatesHeedsItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, kernelTimes(ctx))
}

func TestServeMessages(t *testing.T) {
	t.Parallel()
	address, stop, err := serveMessages(t.Context())
	require.NoError(t, err)
	defer stop()
	began := time.Now() // whenever this test gets round to reading, the last isn't sent sooner
	conn, err := wire.Dial(t.Context(), &wire.Target{
		URL: &url.URL{Scheme: "ws", Host: address}, DialContext: (&net.Dialer{}).DialContext,
	})
	require.NoError(t, err)
	defer conn.CloseNow()
	for range 4 {
		m, err := conn.Read()
		require.NoError(t, err)
		require.Equal(t, "message", string(m.Data))
	}
	require.GreaterOrEqual(t, time.Since(began), time.Millisecond, "messages have pauses between them")
	stop()
	for err == nil {
		_, err = conn.Read()
	}
	code, _ := wire.CloseCode(err)
	require.Equal(t, 1006, code)
	_, err = net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}
