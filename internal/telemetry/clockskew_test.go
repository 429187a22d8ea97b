package telemetry

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

func TestClocksAreJudgedByTheFastestDelivery(t *testing.T) {
	t.Parallel()
	const likely = "clock skew is likely: the fastest of 20 deliveries from origin 00000007 took 250.001ms: " +
		"unless the gateway is that slow, the publisher's clock is behind this host's"
	for _, c := range []struct {
		deliveries int
		fastest    time.Duration
		local      bool
		warning    string
	}{
		{20, 250_001 * time.Microsecond, false, likely},
		{20, 250 * time.Millisecond, false, ""},
		{19, time.Hour, false, ""},
		{20, time.Hour, true, ""}, // one clock dated both ends
		{1, -time.Millisecond, false, "clock skew: 1 of 1 deliveries from origin 00000007 arrived before they were sent, " +
			"by up to 1ms: the publisher's clock is ahead of this host's, or a clock was set"},
		{3, -time.Second, true, "clock skew: 1 of 3 deliveries from origin 00000007 arrived before they were sent, " +
			"by up to 1s: the publisher's clock is ahead of this host's, or a clock was set"},
		{1, 0, false, ""},
	} {
		known := make(clocks)
		negative := 0
		for i := range c.deliveries {
			delay := c.fastest
			if i != c.deliveries/2 {
				delay = max(delay, 0) + time.Second
			}
			if known.record(ledger.Delivery{Origin: 7, Local: c.local, Delay: delay}) {
				negative++
			}
		}
		require.Len(t, known, 1)
		from := origin{7, c.local}
		require.Equal(t, c.deliveries, known[from].deliveries)
		require.Equal(t, c.fastest, known[from].fastest)
		require.Equal(t, negative, known[from].negative)
		require.Equal(t, c.warning, known[from].warning(from))
	}
}

func TestClocksAreToldApart(t *testing.T) {
	t.Parallel()
	known := make(clocks)
	known.record(ledger.Delivery{Origin: 1, Delay: time.Second})
	known.record(ledger.Delivery{Origin: 2, Delay: -time.Second})
	require.Equal(t, clocks{
		{1, false}: {deliveries: 1, fastest: time.Second},
		{2, false}: {deliveries: 1, fastest: -time.Second, negative: 1},
	}, known)
}
