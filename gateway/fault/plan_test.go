package fault

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRandomIsEvenAndRepeats(t *testing.T) {
	t.Parallel()
	const draws = 100_000
	p := newPlan(Settings{Seed: 42})
	chance := parse[Chance](t, "0.25")
	hits := 0
	for i := range uint64(draws) {
		first := p.hits(dropping, chance, i/100, i%100)
		require.Equal(t, first, p.hits(dropping, chance, i/100, i%100))
		if first {
			hits++
		}
	}
	require.InDelta(t, draws/4, hits, draws/100)
}

// Random choices of different kinds are independent, and so are the counts.
func TestKindsAreIndependent(t *testing.T) {
	t.Parallel()
	const draws = 10_000
	p := newPlan(Settings{Seed: 1})
	half := parse[Chance](t, "0.5")
	for a := range kinds {
		for b := range a {
			both := 0
			for i := range uint64(draws) {
				if p.hits(a, half, i, 0) && p.hits(b, half, i, 0) {
					both++
				}
			}
			require.InDelta(t, draws/4, both, draws/40, "%d and %d", a, b)
		}
	}
	second := parse[Chance](t, "1/2")
	for k := range kinds {
		require.False(t, p.hits(k, second, 0, 0))
	}
	for k := range kinds {
		require.True(t, p.hits(k, second, 0, 0))
	}
}

func TestAPaceMayBeUsedUpAtOnce(t *testing.T) {
	t.Parallel()
	require.Nil(t, newPlan(Settings{}).pace)
	for pace, burst := range map[float64]int{0.5: 1, 1: 1, 3.9: 3, 500: 500} {
		p := newPlan(Settings{Pace: pace})
		require.InDelta(t, pace, float64(p.pace.Limit()), 1e-9)
		require.Equal(t, burst, p.pace.Burst())
	}
}
