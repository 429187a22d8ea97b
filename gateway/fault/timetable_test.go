package fault

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a timetable that is kept until the test ends.
func running(t *testing.T) *timetable {
	t.Helper()
	table := newTimetable()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); table.run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return table
}

func TestTimetableKeepsTheOrder(t *testing.T) {
	t.Parallel()
	const many = 1000
	table := newTimetable()
	ctx, stop := context.WithCancel(context.Background())
	base, got := time.Now(), []int{}
	for _, i := range rand.Perm(many) { // a test
		heap.Push(&table.due, entry{base.Add(time.Duration(i)), 0, func() { got = append(got, i) }})
	}
	table.soon(time.Millisecond, stop)
	table.run(ctx)
	require.Len(t, got, many)
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

func TestRandomIsEvenAndRepeats(t *testing.T) {
	t.Parallel()
	const draws = 100_000
	p := newPlan(Settings{Seed: 42})
	chance, err := ParseChance("0.25")
	require.NoError(t, err)
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
