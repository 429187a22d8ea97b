package fault

import (
	"errors"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
)

func TestReorderedIsWrittenAfterTheNext(t *testing.T) {
	t.Parallel()
	simulate(t, `{"reorder": "1/2"}`, func(b *bench) {
		for sequence := range uint32(6) { // each second one of those that can be is held back
			b.deliver(1, sequence+1)
		}
		b.require([]string{"1", "3", "2", "4", "6", "5"}, truth.Counts{Audience: 6, Delivered: 6, Reordered: 2})
	})
}

func TestWithoutANextItIsNotReordered(t *testing.T) {
	t.Parallel()
	simulate(t, `{"reorder": 1}`, func(b *bench) {
		b.deliver(1, 1)
		require.EqualValues(b.t, 1, b.counts().Pending)
		require.Eventually(b.t, func() bool { return b.counts().Pending == 0 }, timeout, time.Millisecond)
		b.require([]string{"1"}, truth.Counts{Audience: 1, Delivered: 1})
	})
}

// When the next one came in time, nothing is left to do at the end of the time.
func TestReorderedIsWrittenOnce(t *testing.T) {
	t.Parallel()
	simulate(t, `{"reorder": 1}`, func(b *bench) {
		b.deliver(1, 1)
		b.deliver(1, 2)
		over := make(chan struct{})
		b.timetable(b.listener).soon(reorderTimeout, func() { close(over) })
		wait(b.t, over)
		b.require([]string{"2", "1"}, truth.Counts{Audience: 2, Delivered: 2, Reordered: 1})
	})
}

func TestADroppedOneIsNoNext(t *testing.T) {
	t.Parallel()
	simulate(t, `{"reorder": 1}`, func(b *bench) {
		b.deliver(1, 1)
		b.change(`{"reorder": 0, "drop": 1}`)
		b.deliver(1, 2)
		b.change(`{"drop": 0, "duplicate": 1}`)
		b.deliver(1, 3)
		b.require([]string{"3", "3", "1", "1"}, truth.Counts{Audience: 3, Delivered: 2, Dropped: 1, Duplicated: 2, Reordered: 1})
		require.EqualValues(b.t, 1, b.tally.Withheld(b.listener.Withheld))
	})
}

func TestOriginsAreApart(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	for _, from := range [][2]uint32{{1, 5}, {2, 3}, {1, 4}, {2, 4}, {1, 5}, {1, 3}} {
		b.deliver(from[0], from[1])
	}
	require.EqualValues(t, 2, b.counts().Reordered, "4 and 3 of the first")
}

func TestErrorsComeInFront(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"errors": "1/2"}`)
	b.deliver(1, 1)
	b.deliver(1, 2)
	b.require([]string{"1", "error", "2"}, truth.Counts{Audience: 2, Delivered: 2})
}

func TestABrokenConnectionFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"duplicate": 1, "errors": 1}`)
	b.out.broken = errors.New("broken")
	b.deliver(1, 1)
	b.require(nil, truth.Counts{Audience: 1, Failed: 1})
}

// What waits to be written is pending. It keeps its place: what was given to the
// connection after it isn't before it.
func TestADeliveryIsCountedWhenItIsWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"duplicate": 1}`)
	var told []func(error)
	b.out.later = func(written func(error)) { told = append(told, written) }
	b.deliver(1, 2)
	b.deliver(1, 1)
	b.deliver(1, 3)
	require.Equal(t, truth.Counts{Audience: 3, Pending: 3}, b.counts())
	require.Len(t, told, 6)
	for i, err := range []error{nil, nil, nil, errors.New("broken"), errors.New("broken"), errors.New("broken")} {
		told[i](err)
	}
	require.Equal(t, truth.Counts{Audience: 3, Delivered: 2, Duplicated: 1, Reordered: 1, Failed: 1}, b.counts())
}

// What a slow client has no room for is dropped, and what comes after it isn't reordered
// because of it.
func TestASlowClientLosesDeliveries(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	b.out.broken = socket.ErrFull
	account := b.tally.Open(nil, 1)
	require.ErrorIs(t, b.Deliver(b.listener, account, nil), socket.ErrFull)
	b.deliver(1, 2)
	b.out.broken = nil
	b.deliver(1, 1)
	b.require([]string{"1"}, truth.Counts{Audience: 3, Delivered: 1, Dropped: 2})
	require.EqualValues(t, 2, b.tally.Withheld(b.listener.Withheld))
}

func TestAClosedListenerLosesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	simulate(t, `{"reorder": 1}`, func(b *bench) {
		b.deliver(1, 1)
		b.change(`{"reorder": 0, "delay": "1ms"}`)
		b.deliver(1, 2)
		b.listener.Close()
		b.listener.Close()
		b.change(`{"delay": "0s"}`)
		b.deliver(1, 3)
		require.Eventually(b.t, func() bool { return b.counts().Gone == 3 }, timeout, time.Millisecond)
		b.require(nil, truth.Counts{Audience: 3, Gone: 3})
	})
}

func TestDeafness(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"deaf": "1h", "drop": 1}`)
	b.deliver(1, 1) // not ready, so not deaf
	b.Ready(b.listener)
	b.deliver(1, 2)
	b.change(`{"deaf": "1ns", "drop": 0}`)
	b.deliver(1, 3)
	b.require([]string{"3"}, truth.Counts{Audience: 3, Delivered: 1, Dropped: 1, Deaf: 1})
	require.EqualValues(t, 2, b.tally.Withheld(b.listener.Withheld))
}

func TestDeafnessEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"deaf": "1h"}`)
	b.listener.ready = time.Now().Add(-59 * time.Minute)
	b.deliver(1, 1)
	b.listener.ready = time.Now().Add(-time.Hour)
	b.deliver(1, 2)
	b.require([]string{"2"}, truth.Counts{Audience: 2, Delivered: 1, Deaf: 1})
}

// A delivery that is held back until the listener is deaf isn't written.
func TestWhatIsHeldBackMayNotBeHeard(t *testing.T) {
	t.Parallel()
	simulate(t, `{"reorder": 1}`, func(b *bench) {
		b.deliver(1, 1)
		b.Ready(b.listener)
		b.change(`{"deaf": "1h"}`)
		require.Eventually(b.t, func() bool { return b.counts().Pending == 0 }, timeout, time.Millisecond)
		b.require(nil, truth.Counts{Audience: 1, Deaf: 1})
		require.EqualValues(b.t, 1, b.tally.Withheld(b.listener.Withheld))
	})
}

// The highest sequence stays the highest when an earlier one comes after it.
func TestEarlierThanTheHighestIsReordered(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	for _, sequence := range []uint32{5, 3, 4, 5, 6} {
		b.deliver(1, sequence)
	}
	require.EqualValues(t, 2, b.counts().Reordered, "3 and 4")
}

func TestWithoutAStampNothingIsReordered(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	b.deliver(0, 5)
	for range 2 {
		_ = b.Deliver(b.listener, b.tally.Open([]byte("no stamp"), 1), []byte("x"))
	}
	require.Zero(t, b.counts().Reordered)
	require.EqualValues(t, 3, b.counts().Delivered)
}

// A copy that can't be written isn't counted, and the delivery still is.
func TestACopyThatFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"duplicate": 1}`)
	b.out.after = 1
	b.deliver(1, 1)
	b.require([]string{"1"}, truth.Counts{Audience: 1, Delivered: 1})
}

// Each fault has its probability, and the choice depends on both the broadcast
// and the listener: none is always hit, and none never.
func TestProbabilitiesAndTargets(t *testing.T) {
	t.Parallel()
	const side = 60
	for name, hit := range map[string]func(l *Listener, o *outlet) bool{
		"drop":      func(_ *Listener, o *outlet) bool { return len(o.wrote) == 0 },
		"duplicate": func(_ *Listener, o *outlet) bool { return len(o.wrote) == 2 },
		"errors":    func(_ *Listener, o *outlet) bool { return o.wrote[0] == "error" },
		"reorder": func(l *Listener, _ *outlet) bool {
			held := l.held != nil
			l.Close()
			return held
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, `{"`+name+`": 0.25}`, func(b *bench) {
				var byBroadcast, byListener [side]int
				total := 0
				for i := range side {
					broadcast := b.tally.Open([]byte("x"), side)
					for j := range side {
						o := &outlet{}
						l := &Listener{Number: uint64(j), Out: o, Withheld: &truth.Withheld{}}
						_ = b.Deliver(l, broadcast, []byte("x"))
						if hit(l, o) {
							total++
							byBroadcast[i]++
							byListener[j]++
						}
					}
				}
				require.InDelta(t, side*side/4, total, side*side/20)
				for i := range side {
					require.Positive(t, byBroadcast[i])
					require.Positive(t, byListener[i])
					require.Less(t, byBroadcast[i], side)
					require.Less(t, byListener[i], side)
				}
			})
		})
	}
}

func TestAFixedDelayKeepsTheOrder(t *testing.T) {
	t.Parallel()
	const broadcasts = 500
	b := newBench(t, `{"delay": "2ms"}`)
	for sequence := range uint32(broadcasts) {
		b.deliver(1, sequence+1)
	}
	require.Eventually(t, func() bool { return b.counts().Pending == 0 }, timeout, time.Millisecond)
	require.Equal(t, truth.Counts{Audience: broadcasts, Delivered: broadcasts}, b.counts())
}
