package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// world is what a story plays in. Everybody and everything in it has a name.
type world struct {
	ledger   *Ledger
	members  map[string]*Member
	accounts map[string]*Series
	stamps   map[string]stamp.Stamp
}

// step is one event of a story.
type step func(t *testing.T, w *world)

func tell(t *testing.T, story []step) {
	t.Helper()
	w := &world{
		ledger:   New(),
		members:  make(map[string]*Member),
		accounts: make(map[string]*Series),
		stamps:   make(map[string]stamp.Stamp),
	}
	for i, s := range story {
		s(t, w)
		require.False(t, t.Failed(), "step %d", i)
	}
}

const room = "room"

func enter(audience string, names ...string) step {
	return func(_ *testing.T, w *world) {
		for _, name := range names {
			w.members[name] = w.ledger.Audience(audience).Enter()
		}
	}
}

func ready(names ...string) step {
	return func(_ *testing.T, w *world) {
		for _, name := range names {
			w.members[name].Ready()
		}
	}
}

// join is enter and ready.
func join(audience string, names ...string) step {
	return func(t *testing.T, w *world) {
		t.Helper()
		enter(audience, names...)(t, w)
		ready(names...)(t, w)
	}
}

func leave(names ...string) step {
	return func(_ *testing.T, w *world) {
		for _, name := range names {
			w.members[name].Leave()
		}
	}
}

func prove(_ *testing.T, w *world) { w.ledger.Audience(room).RequireConfirmation() }

func open(audience, account string) step {
	return func(_ *testing.T, w *world) { w.accounts[account] = w.ledger.Audience(audience).OpenSeries(0) }
}

func openCanary(account string) step {
	return func(_ *testing.T, w *world) { w.accounts[account] = w.ledger.Audience(room).OpenCanaries() }
}

func publish(account string, names ...string) step {
	return func(_ *testing.T, w *world) {
		for _, name := range names {
			w.stamps[name] = w.accounts[account].Publish(time.Now())
		}
	}
}

// skip is so many broadcasts that nobody hears.
func skip(account string, n int) step {
	return func(_ *testing.T, w *world) {
		for range n {
			w.accounts[account].Publish(time.Now())
		}
	}
}

func retract(account, name string) step {
	return func(_ *testing.T, w *world) { w.accounts[account].Retract(w.stamps[name]) }
}

// elsewhere is a broadcast of another process.
func elsewhere(name string, origin, sequence uint32) step {
	return func(_ *testing.T, w *world) {
		w.stamps[name] = stamp.Stamp{Origin: w.ledger.Audience(room).origin + origin, Sequence: sequence, Sent: time.Now()}
	}
}

// hear is a delivery to a member, and what the ledger is to make of it.
func hear(member, name string, want Outcome) step {
	return func(t *testing.T, w *world) {
		t.Helper()
		s := w.stamps[name]
		got := w.ledger.Deliver(w.members[member], s, s.Sent.Add(time.Millisecond))
		assert.Equal(t, want, got.Outcome, "%s hears %s", member, name)
		assert.Equal(t, w.ledger.local(s.Origin), got.Local)
		assert.Equal(t, time.Millisecond, got.Delay)
	}
}

// counts are the numbers of a Result.
type counts struct {
	sent                                    int
	expected, received, lost, indeterminate int64
	duplicated, reordered                   int64
}

func countsOf(r *Result) counts {
	return counts{r.Sent, r.Expected, r.Received, r.Lost, r.Indeterminate, r.Duplicated, r.Reordered}
}

func closes(account string, want counts) step {
	return func(t *testing.T, w *world) {
		t.Helper()
		result := w.accounts[account].Close()
		assert.Equal(t, want, countsOf(&result), account)
		assert.Equal(t, result.Expected, result.Received+result.Lost+result.Indeterminate)
	}
}

func stands(audience string, want Count) step {
	return func(t *testing.T, w *world) {
		t.Helper()
		got, _ := w.ledger.Audience(audience).Watch()
		assert.Equal(t, want, got)
	}
}
