package ledger

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func TestRetractions(t *testing.T) {
	t.Parallel()
	var r retractions
	for _, sequence := range []uint32{5, 3, 4, 9, 5} {
		r.add(sequence)
	}
	require.Equal(t, []stamp.Range{{First: 3, Last: 5}, {First: 9, Last: 9}}, r.ranges)
	r.remove(4)
	r.remove(9)
	r.remove(100)
	require.Equal(t, []stamp.Range{{First: 3, Last: 3}, {First: 5, Last: 5}}, r.ranges)
	require.Zero(t, r.listed)
}

// A listener that hears enough of a publisher's closings knows exactly what was retracted,
// and of what it doesn't know it knows that.
func TestRetractionsAreLearned(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(3, seed))
		var told retractions
		var learned retracted
		gone := make(map[uint32]bool)
		unsure := 0
		for sequence := uint32(1); sequence <= 200; sequence++ {
			if random.IntN(4) == 0 {
				gone[sequence] = true
				told.add(sequence)
			}
			if random.IntN(30) == 0 && len(gone) > 0 {
				restored := 1 + random.Uint32N(sequence)
				if gone[restored] && restored >= told.listed {
					delete(gone, restored)
					told.remove(restored)
				}
			}
			if random.IntN(12) == 0 || sequence == 200 {
				learned.learn(&stamp.Closing{Last: sequence, Retracted: append([]stamp.Range(nil), told.ranges...), Listed: told.listed})
				learned.learn(&stamp.Closing{Last: sequence - 1}) // which came late
			}
		}
		for sequence := uint32(1); sequence <= 200; sequence++ {
			switch {
			case learned.uncertain(sequence):
				unsure++
			case sequence >= told.listed: // of earlier ones it may not know that they were restored
				require.Equal(t, gone[sequence], learned.has(sequence), "seed %d, %d", seed, sequence)
			case gone[sequence]:
				require.True(t, learned.has(sequence), "seed %d, %d", seed, sequence)
			}
		}
		learned.forget(150)
		for _, r := range append(learned.ranges, learned.unlisted...) {
			require.GreaterOrEqual(t, r.Last, uint32(150))
		}
	}
}
