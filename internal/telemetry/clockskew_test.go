package telemetry

import (
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

func TestClocksAreJudgedByWhatCameTooEarly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		deliveries int
		fastest    time.Duration
		local      bool
		warning    string
	}{
		{20, time.Hour, false, ""}, // a gateway may be slow
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

// What is known of two clocks is in the log or in the result file, and if they differ it is
// an error. Where deliveries came before they were sent, these were counted.
func TestWhatIsKnownOfTwoClocks(t *testing.T) {
	t.Parallel()
	at := func(ms int64) *time.Duration {
		d := time.Duration(ms) * time.Millisecond
		return &d
	}
	micros := func(ms int64) *int64 {
		n := ms * 1000
		return &n
	}
	const shown = "pushgw: unless its publisher runs on this machine, the delays of what origin 00000006 broadcast are the difference of two clocks: this host's is "
	for name, test := range map[string]struct {
		difference ledger.ClockDifference
		info, warn string
		band       result.ClockBand
	}{
		"nothing": {ledger.ClockDifference{}, shown + "ahead of, or behind, nobody knows by how much, the publisher's", "", result.ClockBand{}},
		"both": {
			ledger.ClockDifference{Least: at(-2), Most: at(3)},
			shown + "between -2ms and 3ms ahead of the publisher's", "",
			result.ClockBand{Least: micros(-2), Most: micros(3)},
		},
		"behind": {
			ledger.ClockDifference{Least: at(500)},
			shown + "500ms at the least ahead of the publisher's",
			"pushgw: clock skew: the clock of origin 00000006 is behind this host's by 500ms or more, and its deliveries took less than their delays say by as much",
			result.ClockBand{Least: micros(500)},
		},
		"ahead": {ledger.ClockDifference{Most: at(-500)}, shown + "-500ms at the most ahead of the publisher's", "", result.ClockBand{Most: micros(-500)}},
	} {
		process := new(Process)
		for i := range 2 {
			f := newFixtureOf(t, process, RoleListener)
			test.difference.Origin = 6
			f.AccountsEnded(&ledger.Ending{Clocks: []ledger.ClockDifference{test.difference}})
			f.Flush()
			if i == 1 {
				require.Empty(t, f.logged(logrus.InfoLevel), name)
				require.Empty(t, f.found("errors", "error"), name)
				continue
			}
			require.Equal(t, []string{test.info}, f.logged(logrus.InfoLevel), name)
			if test.warn == "" {
				require.Empty(t, f.logged(logrus.WarnLevel), name)
				require.Empty(t, f.found("errors", "error"), name)
				continue
			}
			require.Equal(t, []string{test.warn}, f.logged(logrus.WarnLevel), name)
			require.Equal(t, []tagged{{1, "ClockSkew"}}, f.found("errors", "error"), name)
		}
		kept := newFixtureOf(t, &Process{Results: result.NewCollector()}, RoleListener)
		kept.AccountsEnded(&ledger.Ending{Clocks: []ledger.ClockDifference{test.difference}})
		require.Empty(t, kept.logged(logrus.InfoLevel), name)
		require.Equal(t, test.band, *kept.process.Results.Snapshot().Accounts[0].Clock, name)
	}
}
