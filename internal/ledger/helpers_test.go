package ledger

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// What the ledger makes of a delivery.
var (
	heard     = Outcome{}
	duplicate = Outcome{Duplicate: true}
	reordered = Outcome{Reordered: true}
	late      = Outcome{Late: true}
	stray     = Outcome{Stray: true}
	canary    = Outcome{Canary: true}
	forged    = Outcome{Forged: true}
)

// room is the audience of most tests.
var room, hall = Name{Key: "room"}, Name{Key: "hall"}

// settle is the settle of most series.
const settle = time.Second

// fixture is what a story has brought about so far, by the names it gives.
type fixture struct {
	ledger  *Ledger
	members map[string]*Listener
	series  map[string]*Series
	stamps  map[string]stamp.Stamp
	told    map[string]counts // what became of the broadcasts of a series that were closed
}

// step is one event of a story.
type step func(t *testing.T, f *fixture)

// tellAll runs stories as subtests.
func tellAll(t *testing.T, stories map[string][]step) {
	t.Helper()
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story)
		})
	}
}

// tell runs a story. Time passes in it only where it says wait.
func tell(t *testing.T, story []step) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{
			ledger:  New(),
			members: make(map[string]*Listener),
			series:  make(map[string]*Series),
			stamps:  make(map[string]stamp.Stamp),
			told:    make(map[string]counts),
		}
		for i, s := range story {
			s(t, f)
			require.False(t, t.Failed(), "step %d", i)
		}
	})
}

func wait(d time.Duration) step {
	return func(*testing.T, *fixture) { time.Sleep(d) }
}

// roster returns the roster of those who enter through an audience.
func (f *fixture) roster(audience Name) *Roster { return f.ledger.Roster(audience.Key) }

func enter(audience Name, names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.members[name] = enterAs(f.roster(audience), f.ledger.Audience(audience))
		}
	}
}

func ready(names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.members[name].Ready(nil)
		}
	}
}

// join is enter and ready.
func join(audience Name, names ...string) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		enter(audience, names...)(t, f)
		ready(names...)(t, f)
	}
}

// leave has this side end the connections of members, cut has the gateway or the network.
func leave(names ...string) step { return depart(Local, names...) }
func cut(names ...string) step   { return depart(Cut, names...) }

func depart(how Departure, names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.members[name].Leave(how)
		}
	}
}

func fail(name string, err error) step {
	return func(_ *testing.T, f *fixture) { f.members[name].Fail(err) }
}

func reduceCutOff(n int) step {
	return func(_ *testing.T, f *fixture) {
		f.roster(room).reduceCutOff(n)
		f.ledger.Audience(room).reduceCutOff(n)
	}
}

func requireConfirmation(_ *testing.T, f *fixture) { f.roster(room).RequireConfirmation() }

// open opens a series of as many broadcasts as will be published.
func open(audience Name, series string) step { return openPlanned(audience, series, 0) }

func openPlanned(audience Name, series string, planned int) step {
	return func(_ *testing.T, f *fixture) {
		f.series[series] = f.ledger.Audience(audience).OpenSeries(planned, settle)
	}
}

// openUnsettled opens a series whose broadcasts aren't settled before it is closed.
func openUnsettled(series string) step {
	return func(_ *testing.T, f *fixture) { f.series[series] = f.ledger.Audience(room).OpenSeries(0, 0) }
}

// tweet gives out canaries of an audience.
func tweet(audience Name, names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.stamps[name] = f.ledger.Audience(audience).Canary()
		}
	}
}

// publishTo publishes what is meant for one member only.
func publishTo(series, member, name string) step {
	return func(_ *testing.T, f *fixture) {
		f.stamps[name] = f.series[series].PublishTo(f.members[member].Member(0), time.Now())
	}
}

func publish(series string, names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.stamps[name] = f.series[series].Publish(time.Now())
		}
	}
}

// publishLate publishes what was meant to be sent some time ago.
func publishLate(series, name string, by time.Duration) step {
	return func(_ *testing.T, f *fixture) { f.stamps[name] = f.series[series].Publish(time.Now().Add(-by)) }
}

// skip publishes n broadcasts that nobody hears.
func skip(series string, n int) step {
	return func(_ *testing.T, f *fixture) {
		for range n {
			f.series[series].Publish(time.Now())
		}
	}
}

func retract(series, name string) step {
	return func(_ *testing.T, f *fixture) { f.series[series].Retract(f.stamps[name]) }
}

// interrupt lets a series settle when the test has already ended.
func interrupt(series string) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		f.series[series].Settle(ctx)
	}
}

// elsewhere is a broadcast of another process.
func elsewhere(name string, origin, sequence uint32) step {
	return func(_ *testing.T, f *fixture) {
		f.stamps[name] = stamp.Stamp{Origin: f.ledger.Audience(room).origin + 1000*origin, Sequence: sequence, Sent: time.Now()}
	}
}

// forge is a stamp made from another one, or from none.
func forge(name, from string, change func(s *stamp.Stamp)) step {
	return func(_ *testing.T, f *fixture) {
		s := f.stamps[from]
		change(&s)
		f.stamps[name] = s
	}
}

// hear delivers a broadcast to a member now, and checks what the ledger makes of it.
func hear(member, name string, want Outcome) step { return hearAfter(0, member, name, want) }

// hearAfter is hear of what arrived some time ago, and is read only now.
func hearAfter(lag time.Duration, member, name string, want Outcome) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		s := f.stamps[name]
		arrived := time.Now().Add(-lag)
		origin := s.Origin
		if s.Canary {
			origin = canaryOrigin(origin)
		}
		got := f.ledger.Deliver(f.members[member].Member(0), s, arrived)
		got.Strayed = nil // which TestAListenerOfSeveralAudiences looks at
		assert.Equal(t, Delivery{
			Origin: s.Origin, Local: f.ledger.audienceOf(origin) != nil, Delay: arrived.Sub(s.Sent), Outcome: want,
		}, got, "%s hears %s", member, name)
	}
}

// counts are the numbers of a Result.
type counts struct {
	sent, unsent, unheard                   int
	expected, received, lost, indeterminate int64
	cut, missed, late                       int64
	duplicated, reordered                   int64
}

func countsOf(r *Result) counts {
	return counts{
		r.Sent, r.Unsent, r.Unheard, r.Expected, r.Received, r.Lost, r.Indeterminate,
		r.Cut, r.Missed, r.Late, r.Duplicated, r.Reordered,
	}
}

// assertIdentities checks what holds of every result.
func assertIdentities(t *testing.T, r *Result) {
	t.Helper()
	assert.Equal(t, r.Expected, r.Received+r.Lost+r.Indeterminate, "%+v", r)
	assert.Equal(t, r.Planned, r.Sent+r.Unsent, "%+v", r)
	assert.LessOrEqual(t, r.Cut, r.Lost, "%+v", r)
	assert.GreaterOrEqual(t, min(r.Expected, r.Received, r.Lost, r.Indeterminate, r.Cut), int64(0), "%+v", r)
}

// tell adds what became of broadcasts that have been closed.
func (c *counts) tell(t *testing.T, s *Settlement) {
	t.Helper()
	c.unsent += s.Unsent
	c.sent += len(s.Broadcasts)
	for i, b := range s.Broadcasts {
		assert.Equal(t, b.Expected, b.Received+b.Lost+b.Indeterminate, "%+v", b)
		assert.True(t, i == 0 || b.Sequence > s.Broadcasts[i-1].Sequence, "%+v", s)
		if b.Unheard() {
			c.unheard++
		}
		c.expected += b.Expected
		c.received += b.Received
		c.lost += b.Lost
		c.indeterminate += b.Indeterminate
		c.cut += b.Cut
		c.missed += b.Missed
		c.late += b.Late
		c.duplicated += b.Duplicated
		c.reordered += b.Reordered
	}
}

// assertTold checks that what was told of the broadcasts of a series is what became of it.
// Late ones and duplicates may have come after that.
func assertTold(t *testing.T, r *Result, told counts) {
	t.Helper()
	told.tell(t, &r.Rest)
	assert.LessOrEqual(t, told.late, r.Late, "%+v", r)
	assert.LessOrEqual(t, told.duplicated, r.Duplicated, "%+v", r)
	told.late, told.duplicated = r.Late, r.Duplicated
	assert.Equal(t, countsOf(r), told, "the broadcasts of %+v", r)
}

// closes closes a series and checks its result.
func closes(series string, want counts) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		result := f.series[series].Close()
		assert.Equal(t, want, countsOf(&result), series)
		assertIdentities(t, &result)
		assertTold(t, &result, f.told[series])
	}
}

// settles checks what becomes of the broadcasts of a series that are closed now.
func settles(series string, want counts) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		taken := f.series[series].TakeSettled(time.Now())
		var got counts
		got.tell(t, &taken)
		assert.Equal(t, want, got, series)
		told := f.told[series]
		told.tell(t, &taken)
		f.told[series] = told
	}
}

// sent notes that broadcasts were sent, as far as their publisher knows.
func sent(series string, names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.series[series].Sent(f.stamps[name])
		}
	}
}

// stands checks how many members of an audience are in which state.
func stands(audience Name, want Count) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		got, _ := f.roster(audience).Watch()
		assert.Equal(t, want, got)
		members, _ := f.ledger.Audience(audience).Watch()
		assert.Equal(t, Count{Ready: want.Ready, Confirmed: want.Confirmed, CutOff: want.CutOff}, members)
	}
}

// pending checks of which broadcasts of a series anything is outstanding.
func pending(series string, names ...string) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		s := f.series[series]
		assert.Equal(t, len(names) == 0, s.complete())
		var got, want []uint32
		for _, b := range s.pending {
			got = append(got, b.sequence)
		}
		for _, name := range names {
			want = append(want, f.stamps[name].Sequence)
		}
		assert.Equal(t, want, got)
	}
}

// leavers checks how many listeners that left are remembered.
func leavers(series string, want int) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		assert.Len(t, f.series[series].leavers, want)
	}
}

// enterAs adds a listener that is in one audience.
func enterAs(r *Roster, a *Audience) *Listener {
	l := r.Enter()
	l.Join(a)
	return l
}

// listeners returns members of an audience that are ready.
func listeners(audience *Audience, n int) []*Member {
	roster, members := new(Roster), make([]*Member, n)
	for i := range members {
		members[i] = enterAs(roster, audience).Member(0)
		members[i].listener.Ready(nil)
	}
	return members
}

// deliverNext publishes a broadcast and delivers it to a member.
func deliverNext(ledger *Ledger, m *Member, s *Series) Delivery {
	return ledger.Deliver(m, s.Publish(time.Now()), time.Now())
}

// isClosed reports whether a channel that is only ever closed is.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
