package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

func clock(kernel string, bound int64) result.Clock {
	return result.Clock{Synchronised: bound > 0, Bound: bound, Kernel: kernel}
}

// How far two clocks may be apart: what the kernels say, and what the deliveries prove.
func TestClockBounds(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		clocks   []result.Clock
		skew     time.Duration // of the publisher's clock ahead of the others
		known    bool
		band     time.Duration
		certain  bool
		excludes bool
	}{
		"one kernel":           {clocks: []result.Clock{clock("x", 0), clock("x", 0)}, known: true, certain: true},
		"two kernels, in sync": {clocks: []result.Clock{clock("x", 300), clock("y", 200)}, known: true, band: 500 * time.Microsecond, certain: true},
		"two kernels, loosely": {clocks: []result.Clock{clock("x", 90_000), clock("y", 10_000)}, known: true, band: 100 * time.Millisecond},
		"nothing known":        {clocks: []result.Clock{clock("x", 0), clock("y", 200)}},
		"a kernel that lies":   {clocks: []result.Clock{clock("x", 300), clock("y", 200)}, skew: time.Hour, excludes: true},
	} {
		s := small
		s.processes, s.clocks, s.skew = 2, row.clocks, row.skew
		r := joined(t, s.files()...)
		g := r.Gateways[0]
		band, known := g.Band()
		require.Equal(t, row.known, known, name)
		if row.known && name != "two kernels, loosely" { // where causality narrows one side
			require.Equal(t, row.band, band, name)
		}
		require.Equal(t, row.certain, g.Certain(), name)
		require.Equal(t, row.excludes, len(r.Clocks) > 0, name)
		require.Empty(t, r.Unknown, "clocks change nothing of what is lost")
	}
}

// Delays between two clocks an hour apart come out right if they are to be corrected, as
// well as a bucket and the fastest delivery allow.
func TestClocksAreCorrectedOnRequest(t *testing.T) {
	t.Parallel()
	s := small
	s.processes, s.listeners, s.skew = 2, 400, time.Hour
	files := s.files()
	wrong := (&Input{Files: files}).Join(false)[0]
	require.Equal(t, "unknown", wrong.Gateways[0].Quantile(0.5))
	require.Negative(t, wrong.Gateways[0].Parts[1].Delay.Quantile(0.5))
	require.Contains(t, wrong.Clocks[0], "the clock of process 2 is behind a publisher's by 1h0m0s or more")

	right := (&Input{Files: files}).Join(true)[0].Gateways[0]
	require.InDelta(t, 16, inMilliseconds(right.Parts[0].Delay.Quantile(0.5)), 1.5)
	fastest := 8.0 // what the fastest took isn't known, so the corrected begin at zero
	require.InDelta(t, 16-fastest, inMilliseconds(right.Parts[1].Delay.Quantile(0.5)), 1.5)
}

// Deliveries in both directions bound the difference from both sides.
func TestDeliveriesBothWaysBoundTheClocks(t *testing.T) {
	t.Parallel()
	const apart = 2 * time.Second
	delay := func(at time.Duration) *result.Account {
		c := result.NewCollector()
		c.Add(&result.Batch{Gateway: "apigw", Deliveries: []result.Delivery{{Origin: 1, Delay: at}}}, began)
		return c.Snapshot().Accounts[0]
	}
	local := func(id string) *result.Account {
		return &result.Account{Origin: result.Origin{Gateway: "apigw", ID: id}, Local: true, Delay: delay(0).Delay}
	}
	there, back := delay(10*time.Millisecond+apart), delay(30*time.Millisecond-apart)
	there.ID, back.ID = "a", "b"
	a := &result.File{Accounts: []*result.Account{local("a"), back}}
	b := &result.File{Accounts: []*result.Account{local("b"), there}}
	c := newClocks([]*result.File{a, b}, true)
	require.Equal(t, Bounds{-30*time.Millisecond + apart, 10*time.Millisecond + apart}, c.raw(b, there.Origin))
	require.Equal(t, Bounds{-20 * time.Millisecond, 20 * time.Millisecond}, c.boundsOf(b, there.Origin))
	require.Equal(t, 20*time.Millisecond, c.true(b, there.Origin, there.Delay).Max(), "half of the round trip")
	require.Equal(t, 20*time.Millisecond, c.true(a, back.Origin, back.Delay).Max())
}

// What the processes found out of each other's clocks bounds them, too.
func TestWhatTheProcessesFoundBoundsTheClocks(t *testing.T) {
	t.Parallel()
	least, most := int64(480_000), int64(600_000)
	of := result.Origin{Gateway: "apigw", ID: "a"}
	delay := result.NewCollector()
	delay.Add(&result.Batch{Gateway: "apigw", Deliveries: []result.Delivery{{Origin: 10, Delay: 530 * time.Millisecond}}}, began)
	heard := delay.Snapshot().Accounts[0]
	heard.Origin, heard.Clock = of, &result.ClockBand{Least: &least, Most: &most}
	a := &result.File{Accounts: []*result.Account{{Origin: of, Local: true}}}
	b := &result.File{Accounts: []*result.Account{heard}}
	require.Equal(t, Bounds{480 * time.Millisecond, 530 * time.Millisecond}, newClocks([]*result.File{a, b}, false).raw(b, of))
}
