package fault

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// parse returns what UnmarshalText reads.
func parse[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](t *testing.T, text string) (value T) {
	t.Helper()
	require.NoError(t, P(&value).UnmarshalText([]byte(text)))
	return value
}

// outlet keeps what is written.
type outlet struct {
	mu     sync.Mutex
	wrote  []string
	broken error
	after  int                       // how many writes succeed, unless it is 0
	later  func(written func(error)) // told when something was written, unless it is nil
	cut    bool
}

func (o *outlet) put(text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.after > 0 && len(o.wrote) == o.after {
		return errors.New("broken")
	}
	if o.broken == nil {
		o.wrote = append(o.wrote, text)
	}
	return o.broken
}

func (o *outlet) Data(body []byte, written func(error)) error {
	err := o.put(string(body))
	switch {
	case err == nil && o.later != nil:
		o.later(written)
	case err == nil:
		written(nil)
	}
	return err
}

func (o *outlet) Error() error { return o.put("error") }

func (o *outlet) Cut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cut = true
}

func (o *outlet) wasCut() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cut
}

// bench is one listener, with faults and a tally of its own.
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

// simulate calls f with a bench whose clock is synctest's: time passes only while f waits.
func simulate(t *testing.T, faults string, f func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(newBench(t, faults)) })
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
	_ = b.Deliver(b.listener, b.tally.Open([]byte(s.String()), 1), []byte(strconv.Itoa(int(sequence))))
}

func (b *bench) counts() truth.Counts { return b.tally.Report().Totals.Counts }

func (b *bench) require(wrote []string, want truth.Counts) {
	b.t.Helper()
	require.Equal(b.t, wrote, b.out.wrote)
	require.Equal(b.t, want, b.counts())
}

// running returns a timetable that runs until the test ends.
func running(t *testing.T) *timetable {
	t.Helper()
	table := newTimetable()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); table.run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return table
}

// full is a timetable with no space, of which only the first entry is due.
func full(do func()) *timetable {
	table := newTimetable()
	table.due = make(entries, maxScheduled)
	later := time.Now().Add(time.Hour)
	for i := range table.due {
		table.due[i].at = later
	}
	table.due[0] = entry{do: do}
	return table
}

// wait waits until a channel is closed.
func wait(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(timeout):
		require.FailNow(t, "it didn't happen")
	}
}
