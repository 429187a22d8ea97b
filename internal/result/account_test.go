package result

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// settled is a broadcast that reached two listeners and lost one.
func settled(sequence uint32) Broadcast {
	return Broadcast{
		From: sequence, To: sequence, Count: 1, SentFirst: int64(sequence) * 100, SentLast: int64(sequence) * 100,
		Expected: 3, Received: 2, Missing: 1, Reached: 1, First: int64(sequence), Last: 2 * int64(sequence),
	}
}

// However many broadcasts there are, the account doesn't grow, its sums are exact, the
// latest are told one by one and the older ones are in aligned blocks.
func TestAnAccountStaysFlat(t *testing.T) {
	t.Parallel()
	const broadcasts = 100_000
	var a Account
	for k := uint32(1); k <= broadcasts; k++ {
		a.add(settled(k))
		require.LessOrEqual(t, len(a.Broadcasts), mostBroadcasts)
	}
	var sum Broadcast
	next := uint32(1)
	for _, b := range a.Broadcasts {
		require.Equal(t, next, b.From)
		require.EqualValues(t, b.To-b.From+1, b.Count)
		require.EqualValues(t, b.From*100, b.SentFirst)
		require.EqualValues(t, b.To*100, b.SentLast)
		require.EqualValues(t, 2*b.To, b.Last, "the slowest")
		if b.From+mostBroadcasts/2 > broadcasts {
			require.Equal(t, b.From, b.To)
		}
		next = b.To + 1
		sum = sum.plus(b)
	}
	require.EqualValues(t, broadcasts+1, next)
	require.EqualValues(t, 3*broadcasts, sum.Expected)
	require.EqualValues(t, broadcasts, sum.Lost())
	text, err := json.Marshal(&a)
	require.NoError(t, err)
	require.Less(t, len(text), 1<<19)
}

// Blocks of two processes nest, whatever each of them keeps one by one.
func TestBlocksNest(t *testing.T) {
	t.Parallel()
	var all []Broadcast
	for k := uint32(1); k <= 40; k++ {
		if k%7 != 0 { // the sequence of a canary
			all = append(all, settled(k))
		}
	}
	fine := InBlocks(all, 4)
	coarse := InBlocks(InBlocks(all, 8), 16)
	require.Equal(t, InBlocks(all, 16), coarse)
	require.Equal(t, coarse, InBlocks(fine, 16))
	require.Equal(t, coarse, InBlocks(coarse, 4), "a block isn't divided")
	require.Equal(t, uint32(1), coarse[0].From)
	require.Equal(t, uint32(16), coarse[0].To)
	require.EqualValues(t, 14, coarse[0].Count)
}

// Series that run side by side settle in another order than they were sent, even after
// their neighbours were put together.
func TestBroadcastsSettleInAnyOrder(t *testing.T) {
	t.Parallel()
	var a Account
	for _, k := range []uint32{3, 1, 2, 5, 4} {
		a.add(settled(k))
	}
	for at, b := range a.Broadcasts {
		require.Equal(t, settled(uint32(at+1)), b)
	}
	a.Broadcasts = InBlocks([]Broadcast{settled(1), settled(3), settled(4), settled(9)}, 4)
	a.add(settled(2))
	require.Len(t, a.Broadcasts, 2)
	require.EqualValues(t, 4, a.Broadcasts[0].Count)
	require.EqualValues(t, 12, a.Broadcasts[0].Expected)
	require.Equal(t, uint32(4), a.Broadcasts[0].To)
	require.EqualValues(t, 400, a.Broadcasts[0].SentLast)
}

// Two processes that heard the same broadcast add up, and the first of all listeners is
// the first of either.
func TestJoin(t *testing.T) {
	t.Parallel()
	here := Broadcast{From: 7, To: 7, Count: 1, SentFirst: 10, SentLast: 10, Expected: 5, Received: 4, Missing: 1, Reached: 1, First: 30, Last: 90}
	there := Broadcast{From: 7, To: 7, Count: 1, SentFirst: 10, SentLast: 10, Expected: 3, Received: 1, Cut: 2, Reached: 1, First: 20, Last: 40}
	want := Broadcast{From: 7, To: 7, Count: 1, SentFirst: 10, SentLast: 10, Expected: 8, Received: 5, Missing: 1, Cut: 2, Reached: 1, First: 20, Last: 90}
	require.Equal(t, want, here.Join(there))
	require.Equal(t, want, there.Join(here))

	unheard := Broadcast{From: 7, To: 7, Count: 1, SentFirst: 10, SentLast: 10, Expected: 2, Missing: 2}
	want = Broadcast{From: 7, To: 7, Count: 1, SentFirst: 10, SentLast: 10, Expected: 7, Received: 4, Missing: 3, Reached: 1, First: 30, Last: 90}
	require.Equal(t, want, here.Join(unheard))
	require.Equal(t, want, unheard.Join(here))
}
