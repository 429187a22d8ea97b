package fault

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimetableKeepsTheOrder(t *testing.T) {
	t.Parallel()
	const entries = 1000
	table := newTimetable()
	ctx, stop := context.WithCancel(context.Background())
	base, got := time.Now(), []int{}
	for _, i := range rand.Perm(entries) {
		heap.Push(&table.due, entry{base.Add(time.Duration(i)), 0, func() { got = append(got, i) }})
	}
	table.soon(time.Millisecond, stop)
	table.run(ctx)
	require.Len(t, got, entries)
	require.IsIncreasing(t, got)
}

func TestTimetableDoesWhatIsDueAtOnceInTurn(t *testing.T) {
	t.Parallel()
	table := newTimetable()
	var got []int
	for i := range 100 {
		table.soon(0, func() { got = append(got, i) })
	}
	ctx, stop := context.WithCancel(context.Background())
	table.soon(time.Millisecond, stop)
	table.run(ctx)
	require.IsIncreasing(t, got)
	require.Len(t, got, 100)
}

func TestTimetableEndsWithWhatIsWaiting(t *testing.T) {
	t.Parallel()
	table := running(t)
	table.after(time.Hour, func() { t.Error("an hour has not passed") })
}
