package pushgw

import (
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// All processes of a test, and no others, have the same run.
func TestRunOf(t *testing.T) {
	t.Parallel()
	segment := func(segment string) *lib.Options {
		part, err := lib.NewExecutionSegmentFromString(segment)
		require.NoError(t, err)
		all, err := lib.NewExecutionSegmentSequenceFromString("0,1/3,2/3,1")
		require.NoError(t, err)
		return &lib.Options{ExecutionSegment: part, ExecutionSegmentSequence: &all}
	}
	environment := func(variables ...string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			for i := 0; i < len(variables); i += 2 {
				if variables[i] == name {
					return variables[i+1], true
				}
			}
			return "", false
		}
	}
	alone := runOf(&lib.Options{}, environment(), 0)
	require.False(t, alone.Distributed)
	require.EqualValues(t, []uint16{1, 1}, []uint16{alone.Process, alone.Processes})
	require.Empty(t, alone.Secret)

	first, last := runOf(segment("0:1/3"), environment(), 0), runOf(segment("2/3:1"), environment(), 0)
	require.True(t, first.Distributed)
	require.Equal(t, first.ID, last.ID)
	require.Equal(t, []uint16{1, 3, 3, 3}, []uint16{first.Process, first.Processes, last.Process, last.Processes})

	named := runOf(&lib.Options{}, environment("PUSHGW_RUN", "mine", "PUSHGW_SECRET", "s"), 0)
	require.True(t, named.Distributed)
	require.Zero(t, named.Processes, "nobody knows how many there are")
	require.NotZero(t, named.Process)
	require.Equal(t, []byte("s"), named.Secret)
	require.NotEqual(t, named.ID, alone.ID)
	require.NotEqual(t, named.ID, runOf(&lib.Options{}, environment("PUSHGW_RUN", "yours"), 0).ID)
}

// Who doubts that the clock is right has to doubt it by as much as a test has made it wrong.
func TestAFalseClockIsDoubted(t *testing.T) {
	t.Parallel()
	none := func(string) (string, bool) { return "", false }
	right, wrong := runOf(&lib.Options{}, none, 0), runOf(&lib.Options{}, none, -time.Hour)
	if right.ClockError > 0 { // nothing is known of a clock that nobody keeps right
		require.Greater(t, wrong.ClockError, time.Hour)
	} else {
		require.Zero(t, wrong.ClockError)
	}
}

// Without the sequence of all segments, k6 makes one up that other processes don't have.
func TestASegmentWithoutItsSequence(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		part, err := lib.NewExecutionSegmentFromString("1/3:2/3")
		require.NoError(w, err)
		v := w.vu(func(state *lib.State) { state.Options.ExecutionSegment = part })
		v.run(`const client = ` + readyClient + `; for (let i = 0; i < 2; i++) await client.listen({ duration: '1s' })`)
		require.Len(w, v.logged(logrus.WarnLevel), 1)
		require.Contains(w, v.logged(logrus.WarnLevel)[0], "without --execution-segment-sequence, so this process takes itself for number 2 of 3")
	})
}
