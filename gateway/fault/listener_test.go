package fault

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
)

// outlet keeps what is written.
type outlet struct {
	mu     sync.Mutex
	wrote  []string
	broken error
	cut    bool
}

func (o *outlet) put(text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken == nil {
		o.wrote = append(o.wrote, text)
	}
	return o.broken
}

func (o *outlet) Data(body []byte) error { return o.put(string(body)) }
func (o *outlet) Error() error           { return o.put("error") }
func (o *outlet) Cut()                   { o.cut = true }

// bench is one listener, with faults and an account of its own.
type bench struct {
	*Faults

	t        *testing.T
	out      *outlet
	listener *Listener
	tally    *truth.Tally
}

func newBench(t *testing.T, faults string) *bench {
	t.Helper()
	b := &bench{Faults: New(Settings{Seed: 1}), t: t, out: &outlet{}, tally: truth.New()}
	t.Cleanup(b.Faults.Close)
	b.listener = &Listener{Number: 1, Out: b.out, Withheld: &truth.Withheld{}}
	b.change(faults)
	return b
}

func (b *bench) change(faults string) {
	b.t.Helper()
	change, err := Read(b.Settings(), []byte(faults))
	require.NoError(b.t, err)
	b.Set(change.Settings)
}

// deliver delivers the broadcast of that origin and sequence, whose body is
// the sequence.
func (b *bench) deliver(origin, sequence uint32) {
	s := stamp.Stamp{Origin: origin, Sequence: sequence, Sent: time.Now()}
	b.Deliver(b.listener, b.tally.Open([]byte(s.String()), 1), []byte(strconv.Itoa(int(sequence))))
}

func (b *bench) counts() truth.Counts { return b.tally.Report().Totals.Counts }

func (b *bench) require(wrote []string, want truth.Counts) {
	b.t.Helper()
	require.Equal(b.t, wrote, b.out.wrote)
	require.Equal(b.t, want, b.counts())
}

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
	require.Eventually(t, func() bool { return b.counts().Pending == 0 }, 20*time.Second, time.Millisecond)
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
	require.Eventually(t, func() bool { return b.counts().Gone == 3 }, 20*time.Second, time.Millisecond)
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
	const many = 500
	b := newBench(t, `{"delay": "2ms"}`)
	for sequence := range uint32(many) {
		b.deliver(1, sequence+1)
	}
	require.Eventually(t, func() bool { return b.counts().Pending == 0 }, 20*time.Second, time.Millisecond)
	require.Equal(t, truth.Counts{Audience: many, Delivered: many}, b.counts())
}
