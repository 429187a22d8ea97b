package fault

import (
	"errors"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
)

func TestReorderedIsWrittenAfterTheNext(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"reorder": "1/2"}`)
	for sequence := range uint32(6) { // each second one of those that can be is held back
		b.deliver(1, sequence+1)
	}
	b.require([]string{"1", "3", "2", "4", "6", "5"}, truth.Counts{Audience: 6, Delivered: 6, Reordered: 2})
}

func TestWithoutANextItIsNotReordered(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"reorder": 1}`)
	b.deliver(1, 1)
	require.EqualValues(t, 1, b.counts().Pending)
	require.Eventually(t, func() bool { return b.counts().Pending == 0 }, timeout, time.Millisecond)
	b.require([]string{"1"}, truth.Counts{Audience: 1, Delivered: 1})
}

func TestADroppedOneIsNoNext(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"reorder": 1}`)
	b.deliver(1, 1)
	b.change(`{"reorder": 0, "drop": 1}`)
	b.deliver(1, 2)
	b.change(`{"drop": 0, "duplicate": 1}`)
	b.deliver(1, 3)
	b.require([]string{"3", "3", "1", "1"}, truth.Counts{Audience: 3, Delivered: 2, Dropped: 1, Duplicated: 2, Reordered: 1})
	require.EqualValues(t, 1, b.tally.Withheld(b.listener.Withheld))
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

func TestAClosedListenerLosesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"reorder": 1}`)
	b.deliver(1, 1)
	b.change(`{"reorder": 0, "delay": "1ms"}`)
	b.deliver(1, 2)
	b.listener.Close()
	b.listener.Close()
	b.change(`{"delay": "0s"}`)
	b.deliver(1, 3)
	require.Eventually(t, func() bool { return b.counts().Gone == 3 }, timeout, time.Millisecond)
	b.require(nil, truth.Counts{Audience: 3, Gone: 3})
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
