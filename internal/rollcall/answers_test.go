package rollcall

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// begin is whether a roll is to be answered.
func begin(a *Answers, asker, number uint32, at float64) (wait time.Duration, ok bool) {
	return a.Begin(&stamp.Roll{Asker: asker, Number: number}, seconds(at))
}

// Each roll is answered once, by the first that hears it.
func TestARollIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	var a Answers
	_, ok := begin(&a, 1, 5, 0)
	require.True(t, ok)
	a.Count(seconds(0))
	for _, number := range []uint32{5, 4} {
		_, ok = begin(&a, 1, number, 10)
		require.False(t, ok, "an old one")
	}
	_, ok = begin(&a, 1, 6, 10)
	require.True(t, ok)
	a.Drop()
	_, ok = begin(&a, 1, 6, 11)
	require.False(t, ok, "it is called again")
	_, ok = begin(&a, 1, 7, 12)
	require.True(t, ok)
}

// One answer does for all rolls that are heard before the listeners are counted.
func TestOneAnswerForSeveralRolls(t *testing.T) {
	t.Parallel()
	var a Answers
	_, ok := begin(&a, 1, 1, 0)
	require.True(t, ok)
	_, ok = begin(&a, 2, 1, 0)
	require.False(t, ok)
	_, ok = a.Volunteer(seconds(0))
	require.False(t, ok)
	first := a.Count(seconds(0.1))
	require.True(t, a.Latest(first))
	wait, ok := begin(&a, 2, 2, 0.2)
	require.True(t, ok)
	require.Equal(t, 400*time.Millisecond, wait)
	require.False(t, a.Latest(first))
	select {
	case <-first:
		require.Fail(t, "superseded by an answer that may yet be dropped")
	default:
	}
	second := a.Count(seconds(0.6))
	require.False(t, a.Latest(first))
	<-first
	require.True(t, a.Latest(second))
	wait, ok = a.Volunteer(seconds(2))
	require.True(t, ok)
	require.Zero(t, wait)
}

// Who makes up askers doesn't fill the memory.
func TestAskersAreBounded(t *testing.T) {
	t.Parallel()
	var a Answers
	for asker := range uint32(3 * maxAskers) {
		_, ok := begin(&a, asker, 1, 0)
		require.True(t, ok)
		a.Drop()
		require.LessOrEqual(t, len(a.newest), maxAskers)
	}
}

// An asker waits until it broadcasts, or gives up.
func TestWhoWaits(t *testing.T) {
	t.Parallel()
	var a Answers
	require.False(t, a.Asked())
	begin(&a, 1, 5, 0)
	begin(&a, 2, 5, 0)
	a.Over(1)
	require.True(t, a.Asked())
	a.Over(2)
	require.False(t, a.Asked())
	begin(&a, 2, 5, 1)
	require.False(t, a.Asked(), "it was called before")
	begin(&a, 2, 6, 2)
	require.True(t, a.Asked())
}

// What the latest answer said of listeners is known.
func TestWhatAnswersSaid(t *testing.T) {
	t.Parallel()
	var a Answers
	require.False(t, a.SaidNobody())
	a.Say(Count{Failed: 1, CutOff: 1, Left: 1})
	require.True(t, a.SaidNobody())
	a.Say(Count{Coming: 1})
	require.False(t, a.SaidNobody())
}
