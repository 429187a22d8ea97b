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
