package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func sendable(int) bool { return false }

// seeds is how many worlds there are of each kind.
func seeds() uint64 {
	if testing.Short() {
		return 10
	}
	return 40
}

// An audience that is complete before the opening is accounted for to the last delivery,
// whatever the clocks show: all are told by a roll and an opening, and by a closing.
func TestARemoteAccountIsExactAfterARoll(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]worldFaults{
		"loss":                           {lost: 0.02},
		"loss, and tokens are lost":      {lost: 0.02, controlsLost: 0.3},
		"the last five heard by nobody":  {lost: 0.02, unheard: func(i int) bool { return i >= 25 }},
		"the first five heard by nobody": {lost: 0.02, unheard: func(i int) bool { return i < 5 }},
		"none heard by anybody":          {unheard: func(int) bool { return true }},
		"copies and reorderings":         {lost: 0.05, copied: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults.slowest, faults.settling = 400*time.Millisecond, time.Second
			for seed := range seeds() {
				inWorld(t, seed, []time.Duration{-time.Hour, 0, 3 * time.Second}, faults, func(w *world) {
					for _, p := range w.processes {
						w.join(p, 20)
					}
					w.answer()
					sent := w.series(w.processes[0], 30, 50*time.Millisecond, sendable)
					w.run(20 * time.Second)
					w.end()
					w.requireExact(seed, sent)
				})
			}
		})
	}
}

// requireExact requires that every process has the truth of what the others published.
func (w *world) requireExact(seed uint64, broadcasts []*worldBroadcast) {
	w.t.Helper()
	for _, p := range w.processes {
		lost, received := w.truth(p, broadcasts...)
		what := fmt.Sprintf("seed %d, process %d: %+v", seed, p.number, p.sum)
		require.Equal(w.t, lost, p.sum.Lost, what)
		require.Equal(w.t, received, p.sum.Received, what)
		require.Zero(w.t, p.sum.Indeterminate, what)
		// A row that is complete doesn't wait long for copies; the deliveries tell of all.
		require.LessOrEqual(w.t, p.sum.Duplicated, p.duplicates, what)
		require.Equal(w.t, p.reordered, p.sum.Reordered, what)
		require.Empty(w.t, p.ending.Unclosed, what)
		require.False(w.t, p.ending.Unheard, what)
		w.requireClocks(p, what)
	}
}

// requireClocks requires that the true difference of two clocks lies within what is known of
// it, and that both sides are, because everybody has answered a roll.
func (w *world) requireClocks(p *worldProcess, what string) {
	w.t.Helper()
	for _, d := range p.ending.Clocks {
		for _, publisher := range w.processes {
			if publisher.audience.origin == d.Origin {
				truth := p.ledger.ClockOffset() - publisher.ledger.ClockOffset()
				require.LessOrEqual(w.t, *d.Least, truth, what)
				require.GreaterOrEqual(w.t, *d.Most, truth, what)
			}
		}
	}
}

// Without a closing, what nobody has heard at the end isn't known, and that is.
func TestARemoteAccountWithoutAClosingIsUnclosed(t *testing.T) {
	t.Parallel()
	for seed := range seeds() {
		faults := worldFaults{
			lost: 0.02, slowest: 400 * time.Millisecond, settling: time.Second, noClosing: true,
			unheard: func(i int) bool { return i >= 25 },
		}
		inWorld(t, seed, []time.Duration{-time.Hour, 0}, faults, func(w *world) {
			for _, p := range w.processes {
				w.join(p, 20)
			}
			w.answer()
			sent := w.series(w.processes[0], 30, 50*time.Millisecond, sendable)
			w.run(20 * time.Second)
			w.end()
			listening := w.processes[1]
			require.Equal(t, []uint32{w.processes[0].audience.origin}, listening.ending.Unclosed)
			lost, received := w.truth(listening, sent...)
			require.Equal(t, lost-5*20, listening.sum.Lost, "seed %d", seed)
			require.Equal(t, received, listening.sum.Received)
			require.Empty(t, w.processes[0].ending.Unclosed)
		})
	}
}

// What could not be sent is due to nobody, once the publisher has said so.
func TestARemoteAccountKnowsRetractions(t *testing.T) {
	t.Parallel()
	for seed := range seeds() {
		faults := worldFaults{lost: 0.02, slowest: 400 * time.Millisecond, settling: time.Second}
		inWorld(t, seed, []time.Duration{-time.Hour, 0, 3 * time.Second}, faults, func(w *world) {
			for _, p := range w.processes {
				w.join(p, 20)
			}
			w.answer()
			sent := w.series(w.processes[0], 60, 200*time.Millisecond, func(int) bool { return w.random.Float64() < 0.05 })
			w.run(40 * time.Second)
			w.end()
			w.requireExact(seed, sent)
		})
	}
}

// Every process publishes, and more of them than a listener has windows for.
func TestManyPublishersAreExact(t *testing.T) {
	t.Parallel()
	const processes = maxOrigins + 4
	for seed := range seeds() / 10 {
		faults := worldFaults{lost: 0.02, copied: 0.05, slowest: 400 * time.Millisecond, settling: time.Second}
		offsets := make([]time.Duration, processes)
		for i := range offsets {
			offsets[i] = time.Duration(i-processes/2) * time.Minute
		}
		inWorld(t, seed, offsets, faults, func(w *world) {
			for _, p := range w.processes {
				w.join(p, 3)
			}
			w.answer()
			var sent []*worldBroadcast
			for _, p := range w.processes {
				sent = append(sent, w.series(p, 10, 50*time.Millisecond, sendable)...)
			}
			w.run(20 * time.Second)
			w.end()
			w.requireExact(seed, sent)
		})
	}
}

// Where listeners come and go, the truth lies between what is known to be lost and that
// and what is open. Whether the clocks are known to agree makes the difference between
// little that is open and more.
func TestTheTruthIsWithinTheInterval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		maxError time.Duration
		offsets  []time.Duration
	}{
		"clocks that are known to differ by at most 5 ms": {2500 * time.Microsecond, []time.Duration{0, 3 * time.Millisecond, -2 * time.Millisecond}},
		"clocks that may differ by 250 ms":                {125 * time.Millisecond, []time.Duration{0, 200 * time.Millisecond, -200 * time.Millisecond}},
		"clocks of which nothing is known":                {0, []time.Duration{0, time.Hour, -2 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lost, open int64
			for seed := range seeds() {
				faults := worldFaults{lost: 0.05, slowest: 400 * time.Millisecond, settling: time.Second, maxError: test.maxError}
				inWorld(t, seed, test.offsets, faults, func(w *world) {
					for _, p := range w.processes {
						w.join(p, 14)
					}
					sent := w.comeAndGo(6)
					w.run(30 * time.Second)
					w.end()
					for _, p := range w.processes {
						truth, received := w.truth(p, sent...)
						what := fmt.Sprintf("seed %d, process %d: %d lost, %+v", seed, p.number, truth, p.sum)
						unknown := p.sum.Indeterminate - p.sum.Open
						require.LessOrEqual(t, p.sum.Lost, truth, what)
						require.LessOrEqual(t, truth, p.sum.Lost+p.sum.Open+unknown, what)
						require.Equal(t, received, p.sum.Received, what)
						lost, open = lost+p.sum.Lost, open+p.sum.Open
					}
				})
			}
			t.Logf("%d lost, %d open", lost, open)
		})
	}
}

// comeAndGo publishes a series while so many listeners of each process come, and as many
// leave.
func (w *world) comeAndGo(n int) []*worldBroadcast {
	const series = 60
	sent := w.series(w.processes[0], series, 50*time.Millisecond, sendable)
	for _, p := range w.processes {
		for range n {
			w.after(time.Duration(w.random.Int64N(series*int64(50*time.Millisecond))), func() { w.join(p, 1) })
			w.after(time.Duration(w.random.Int64N(series*int64(50*time.Millisecond))), func() {
				w.leave(pick(w.random, p.listeners), []Departure{Local, Cut}[w.random.IntN(2)])
			})
		}
	}
	return sent
}
