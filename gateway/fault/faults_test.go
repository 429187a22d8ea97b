package fault

import (
	"net/http"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
)

func TestASeedIsChosen(t *testing.T) {
	t.Parallel()
	seeds := map[uint64]bool{}
	for range 10 {
		f := New(Settings{})
		seeds[f.Settings().Seed] = true
		f.Set(Settings{Seed: 7})
		require.EqualValues(t, 7, f.Settings().Seed)
		f.Close()
	}
	require.Len(t, seeds, 10)
	require.NotContains(t, seeds, uint64(0))
}

// With a probability, as many upgrades are refused, but not always the same ones.
func TestRefuse(t *testing.T) {
	t.Parallel()
	const upgrades = 2000
	b := newBench(t, `{"refuse": "502:0.25"}`)
	statuses := map[int]int{}
	for range upgrades {
		statuses[b.Refuse()]++
	}
	require.InDelta(t, upgrades/4, statuses[http.StatusBadGateway], upgrades/20)
	require.Equal(t, upgrades, statuses[0]+statuses[http.StatusBadGateway])

	b.change(`{"refuse": "403:1/3"}`)
	var got []int
	for range 6 {
		got = append(got, b.Refuse())
	}
	require.Equal(t, []int{0, 0, http.StatusForbidden, 0, 0, http.StatusForbidden}, got)

	b.change(`{"refuse": "403:1", "pace": 0.000001}`)
	require.Equal(t, http.StatusForbidden, b.Refuse())
	require.Equal(t, http.StatusTooManyRequests, b.Refuse(), "the pace comes first")
}

// A share of the listeners is cut, at times spread over the period.
func TestUnstable(t *testing.T) {
	t.Parallel()
	const listeners = 2000
	b := newBench(t, `{"unstable": "0.25:1h"}`)
	before := time.Now()
	for number := range uint64(listeners) {
		b.Ready(&Listener{Number: number, Out: &outlet{}, Withheld: &truth.Withheld{}})
	}
	after := time.Now()
	cuts, quarters := 0, [4]int{}
	for _, table := range b.later {
		table.mu.Lock()
		for _, entry := range table.due {
			require.False(t, entry.at.Before(before))
			require.False(t, entry.at.After(after.Add(time.Hour)))
			cuts++
			quarters[min(max(int(entry.at.Sub(before)/(15*time.Minute)), 0), 3)]++
		}
		table.mu.Unlock()
	}
	require.InDelta(t, listeners/4, cuts, listeners/20)
	for _, n := range quarters {
		require.InDelta(t, cuts/4, n, float64(cuts)/10)
	}
}

func TestWhatIsUnstableIsCut(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"unstable": "1:1ms"}`)
	b.Ready(b.listener)
	require.Eventually(t, b.out.wasCut, timeout, time.Millisecond)
}

// A delay depends on both the broadcast and the listener.
func TestDelaysAreSpread(t *testing.T) {
	t.Parallel()
	const side = 40
	p := newPlan(Settings{Seed: 1, Delay: parse[Spread](t, "1h..2h")})
	var sum time.Duration
	seen := map[time.Duration]bool{}
	for i := range uint64(side) {
		for j := range uint64(side) {
			delay := p.delay(i, j)
			require.GreaterOrEqual(t, delay, time.Hour)
			require.LessOrEqual(t, delay, 2*time.Hour)
			require.Equal(t, delay, p.delay(i, j))
			seen[delay] = true
			sum += delay
		}
	}
	require.InDelta(t, 1.5, (sum / (side * side)).Hours(), 0.05)
	require.Greater(t, len(seen), side*side*9/10)

	fromZero := newPlan(Settings{Seed: 1, Delay: parse[Spread](t, "0s..2h")})
	require.Positive(t, fromZero.delay(1, 1))
	require.Zero(t, newPlan(Settings{Seed: 1}).delay(1, 1))
}

func TestKeepAliveAndTLS(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	require.False(t, b.StopKeepAlive())
	require.Zero(t, b.SlowTLS())
	b.change(`{"stopKeepAlive": true, "slowTLS": "3s"}`)
	require.True(t, b.StopKeepAlive())
	require.Equal(t, 3*time.Second, b.SlowTLS())
}
