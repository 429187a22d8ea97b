package rollcall

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// A roll is called at once, and again ever more seldom.
func TestWhenRollsAreCalled(t *testing.T) {
	t.Parallel()
	for random, want := range map[float64][]float64{
		0.5: {0, 1, 3, 7, 15, 23, 31},
		0:   {0, 0.8, 2.4, 5.6, 12, 18.4, 24.8},
		1:   {0, 1.2, 3.6, 8.4, 18, 27.6, 37.2},
	} {
		c := calling(func(config *Config) { config.Random = func() float64 { return random } })
		var called []float64
		for range want {
			at := c.Next()
			require.False(t, c.Due(at.Add(-time.Millisecond)))
			require.True(t, c.Due(at))
			roll := c.Roll(at, at)
			require.Equal(t, &stamp.Roll{Run: 7, Asker: 0xa, Number: c.Last(), Sent: at}, roll)
			called = append(called, at.Sub(start).Seconds())
		}
		require.InDeltaSlice(t, want, called, 1e-6)
		require.Equal(t, uint32(len(want)), c.Last())
	}
}

// While listeners of this process are coming, rolls are called seldom, and soon after the
// last has come.
func TestRollsWaitForOwnListeners(t *testing.T) {
	t.Parallel()
	c := calling()
	c.SetOwn(Count{Ready: 1, Coming: 9}, seconds(0))
	c.callAt(0)
	require.Equal(t, seconds(8), c.Next())
	c.SetOwn(Count{Ready: 9, Coming: 1}, seconds(0.2))
	require.Equal(t, seconds(8), c.Next())
	c.SetOwn(Count{Ready: 10}, seconds(0.4))
	require.Equal(t, seconds(1), c.Next(), "rolls are a second apart")
	c.callAt(1)
	require.Equal(t, seconds(2), c.Next())

	c = calling()
	c.SetOwn(Count{Coming: 10}, seconds(0))
	c.callAt(0)
	c.SetOwn(Count{Failed: 10}, seconds(5))
	require.Equal(t, seconds(5), c.Next())
}

// The barrier is fulfilled when all have answered and the sum is enough.
func TestComplete(t *testing.T) {
	t.Parallel()
	ten := Count{Ready: 10, Confirmed: 9}
	c := calling()
	c.SetOwn(Count{Ready: 30}, start)
	c.callAt(0)
	require.False(t, c.Complete(), "nobody has answered")
	require.Equal(t, []int{2, 3}, c.Standing().Missing)
	c.SetOwn(ten, start)
	c.hearAt(2, ten, 1)
	c.hearAt(3, Count{Ready: 9, Coming: 1, Failed: 2}, 2)
	require.False(t, c.Complete())
	require.Equal(t, Standing{
		Count: Count{Ready: 29, Confirmed: 18, Failed: 2, Coming: 1}, Measure: 29, Answered: 3,
	}, c.Standing())
	c.hearAt(3, ten, 3)
	require.True(t, c.Complete())
	require.Equal(t, []stamp.Heard{
		{Process: 2, Answer: 11, Arrived: seconds(1)}, {Process: 3, Answer: 31, Arrived: seconds(3)},
	}, c.Heard())
	c.hearAt(3, Count{Ready: 9}, 4)
	require.False(t, c.Complete(), "one has left")
}

// Where listeners are to have heard something, those that are merely ready don't count.
func TestCompleteOfConfirmed(t *testing.T) {
	t.Parallel()
	c := calling(func(config *Config) { config.Confirmed, config.Needed = true, 27 })
	c.SetOwn(Count{Ready: 10, Confirmed: 9}, start)
	c.callAt(0)
	c.hearAt(2, Count{Ready: 10, Confirmed: 9}, 1)
	c.hearAt(3, Count{Ready: 10, Confirmed: 8}, 1)
	require.False(t, c.Complete())
	require.False(t, c.OutOfReach(seconds(60)), "the deaf may yet hear something")
	c.hearAt(3, Count{Ready: 10, Confirmed: 9}, 2)
	require.True(t, c.Complete())
}

// Which answers count.
func TestHear(t *testing.T) {
	t.Parallel()
	ten := Count{Ready: 10}
	for name, test := range map[string]struct {
		change func(p *stamp.Present)
		counts bool
	}{
		"an answer":               {func(*stamp.Present) {}, true},
		"to another's roll":       {func(p *stamp.Present) { p.Asker, p.Roll = 0xb, 99 }, true},
		"to no roll":              {func(p *stamp.Present) { p.Asker, p.Roll = 0, 0 }, true},
		"to a roll before":        {func(p *stamp.Present) { p.Roll = 1 }, false},
		"of another run":          {func(p *stamp.Present) { p.Run = 8 }, false},
		"of this process":         {func(p *stamp.Present) { p.Process = 1 }, false},
		"of nobody":               {func(p *stamp.Present) { p.Process = 0 }, false},
		"of one that isn't":       {func(p *stamp.Present) { p.Process = 4 }, false},
		"of a test of four":       {func(p *stamp.Present) { p.Processes = 4 }, false},
		"of a test of who knows?": {func(p *stamp.Present) { p.Processes = 0 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := calling(func(config *Config) { config.Number = func() uint32 { return 2 } })
			c.callAt(0)
			p := present(2, ten, 1)
			p.Roll = 2
			test.change(p)
			c.Hear(p, seconds(1), seconds(1))
			require.Equal(t, test.counts, c.Standing().Ready == 10)
			if p.Processes != 3 {
				require.Equal(t, 2, c.Standing().Disagrees)
				require.Equal(t, int(p.Processes), c.Standing().Says)
			}
		})
	}
}

// Of a process's answers the one that was sent last counts, in whichever order they come.
func TestTheNewestAnswerCounts(t *testing.T) {
	t.Parallel()
	c := calling()
	c.callAt(0)
	c.hearAt(2, Count{Ready: 5}, 2)
	c.Hear(present(2, Count{Ready: 3}, 1), seconds(3), seconds(3))
	c.Hear(present(2, Count{Ready: 5}, 2), seconds(4), seconds(4))
	require.Equal(t, 5, c.Standing().Ready)
	require.Equal(t, []stamp.Heard{{Process: 2, Answer: 21, Arrived: seconds(2)}}, c.Heard())
}

// Where nobody knows how many processes there are, listeners alone count.
func TestProcessesOfWhichNobodyKnowsHowMany(t *testing.T) {
	t.Parallel()
	c := calling(func(config *Config) { config.Process, config.Processes = 0xabc, 0 })
	c.callAt(0)
	require.False(t, c.Complete())
	c.SetOwn(Count{Ready: 10, Failed: 20}, start)
	require.False(t, c.OutOfReach(seconds(60)), "another process may yet come")
	for process := uint16(1); process <= maxStrangers+5; process++ {
		p := present(process, Count{Ready: 1}, 1)
		p.Processes = 0
		c.Hear(p, seconds(1), seconds(1))
	}
	require.True(t, c.Complete())
	require.Equal(t, Standing{Count: Count{Ready: 10 + maxStrangers, Failed: 20}, Measure: 10 + maxStrangers, Answered: 1 + maxStrangers}, c.Standing())
}

// A barrier is given up when all have answered, too few listeners are there and coming, and
// another roll hasn't changed that.
func TestOutOfReach(t *testing.T) {
	t.Parallel()
	ten, fewer := Count{Ready: 10}, Count{Ready: 5, Failed: 3, CutOff: 2}
	c := calling()
	c.SetOwn(ten, start)
	c.callAt(0)
	c.hearAt(2, ten, 0.1)
	require.False(t, c.OutOfReach(seconds(60)), "the third may have twenty")
	c.hearAt(3, Count{Ready: 5, Failed: 4, Coming: 5}, 0.2)
	require.Zero(t, c.hopelessSince, "enough are coming")
	c.hearAt(3, Count{Ready: 9, Coming: 1}, 0.3)
	require.False(t, c.OutOfReach(seconds(60)))
	c.hearAt(3, Count{Ready: 5, Failed: 2, CutOff: 2}, 0.35)
	require.Zero(t, c.hopelessSince, "one hasn't been tried")
	c.hearAt(3, fewer, 0.4)
	require.False(t, c.OutOfReach(seconds(60)), "no roll has been called since")
	require.Equal(t, seconds(1), c.Next())
	c.callAt(1)
	require.False(t, c.OutOfReach(seconds(1.9)))
	require.Equal(t, seconds(2), c.Next())
	require.True(t, c.OutOfReach(seconds(2)))
	c.hearAt(3, Count{Ready: 5, Failed: 5, Coming: 5}, 1.8)
	require.False(t, c.OutOfReach(seconds(2)), "the scenario has called listen() again")
}

// Who left counts as tried where nobody is left, and only after a while, because the next may
// come.
func TestOutOfReachBecauseListenersLeft(t *testing.T) {
	t.Parallel()
	ten := Count{Ready: 10}
	c := calling()
	c.SetOwn(ten, start)
	c.callAt(0)
	c.hearAt(2, ten, 0.1)
	c.hearAt(3, Count{Ready: 1, Left: 90}, 0.2)
	require.Zero(t, c.hopelessSince, "where one is, others may be about to come")
	c.hearAt(3, Count{Left: 9}, 0.3)
	require.Zero(t, c.hopelessSince, "one hasn't been tried")
	c.hearAt(3, Count{Left: 10}, 0.4)
	require.Equal(t, seconds(0.4), c.hopelessSince)
	c.callAt(1)
	c.callAt(5)
	require.Equal(t, seconds(9), c.Next())
	c.callAt(9)
	require.Equal(t, seconds(11), c.Next())
	require.False(t, c.OutOfReach(seconds(10.9)))
	require.True(t, c.OutOfReach(seconds(11)))
	require.Equal(t, 10, c.Standing().Left)
	c.hearAt(3, Count{Left: 10, Coming: 1}, 10)
	require.Zero(t, c.hopelessSince, "the next is coming")
	require.False(t, c.OutOfReach(seconds(60)))

	c.hearAt(3, ten, 11)
	c.SetOwn(Count{Left: 10}, seconds(12))
	require.Equal(t, seconds(12), c.hopelessSince, "this process's own count as well")
	c.SetOwn(Count{Failed: 10}, seconds(13))
	c.callAt(13)
	require.True(t, c.OutOfReach(seconds(14)), "what failed has failed")
}

// simulated is a process of a test that takes its time.
type simulated struct {
	answers Answers
	begins  float64 // when it has its first listener, in seconds
	ready   float64 // when it has its last
}

// TestTheBarrierOpens: processes that come early and late, and whose messages are lost.
func TestTheBarrierOpens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		begins, ready float64
		lost          map[int]bool // which of all answers
		opens         float64      // by the roll of when the barrier opens, in seconds
		rolls         uint32
	}{
		"at once":                    {0, 0, nil, 0, 1},
		"when the last is ready":     {0, 5, nil, 7, 4},
		"for one that is late":       {20, 20, nil, 23, 6},
		"although answers are lost":  {0, 0, map[int]bool{1: true, 2: true, 3: true}, 3, 3},
		"although the last one was":  {0, 0, map[int]bool{2: true}, 1, 2},
		"for one that is very late":  {50, 50, nil, 55, 10},
		"although it is late and so": {20, 20, map[int]bool{7: true}, 31, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := calling()
			c.SetOwn(Count{Ready: 10}, start)
			others := map[uint16]*simulated{2: {}, 3: {begins: test.begins, ready: test.ready}}
			sent := 0
			for tenth := 0; !c.Complete(); tenth++ {
				at := float64(tenth) / 10
				require.Less(t, at, 120.0)
				if !c.Due(seconds(at)) {
					continue
				}
				roll := c.callAt(at)
				for _, process := range []uint16{2, 3} {
					other := others[process]
					if at < other.begins {
						continue // it has no listener that could hear
					}
					wait, ok := other.answers.Begin(roll, seconds(at))
					require.True(t, ok)
					require.Zero(t, wait)
					other.answers.Count(seconds(at))
					sent++
					count := Count{Ready: 10}
					if at < other.ready {
						count = Count{Ready: 1, Coming: 9}
					}
					if !test.lost[sent] {
						c.hearAt(process, count, at+0.1)
					}
				}
				if c.Complete() {
					assert.InDelta(t, test.opens, at, 0.01)
				}
			}
			require.Equal(t, test.rolls, c.Last())
		})
	}
}
