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

func TestTheSameTimeIsInTurn(t *testing.T) {
	t.Parallel()
	now := time.Now()
	list := entries{{now, 2, nil}, {now, 1, nil}, {now.Add(-1), 3, nil}}
	require.False(t, list.Less(0, 1))
	require.True(t, list.Less(1, 0))
	require.True(t, list.Less(2, 1))
	require.False(t, list.Less(1, 2))
}

func TestAFullTimetableMakesItsCallersWait(t *testing.T) {
	t.Parallel()
	first, second := make(chan struct{}), make(chan struct{})
	table := full(func() { close(first) })
	go table.after(0, func() { close(second) })
	select {
	case <-second:
		t.Fatal("there was no space")
	case <-time.After(10 * time.Millisecond):
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); table.run(ctx) }()
	wait(t, first)
	wait(t, second)
	stop()
	wait(t, ended)
}

func TestTheEndOfATimetableLetsItsCallersGo(t *testing.T) {
	t.Parallel()
	table := full(func() {})
	table.due[0].at = time.Now().Add(time.Minute) // nothing is due
	returned := make(chan struct{})
	go func() { defer close(returned); table.after(0, func() { t.Error("it has ended") }) }()
	time.Sleep(10 * time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	table.run(ctx)
	wait(t, returned)
}
