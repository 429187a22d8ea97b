package ledger

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// abroad is a publisher in another process, as the listeners of this one know it.
type abroad struct {
	t          *testing.T
	ledger     *Ledger
	roster     *Roster
	audience   *Audience
	attendance *Attendance
	listening  []*Member
	origin     uint32
	clocks     []ClockDifference // as known when all had ended
	plans      []HeardPlan       // likewise
}

const ourRun = 7

// goAbroad runs a test with listeners that have been ready for longer than any settle.
func goAbroad(t *testing.T, listening int, f func(w *abroad)) {
	t.Helper()
	goAbroadAfter(t, time.Hour, listening, f)
}

// goAbroadAfter runs a test with listeners that have been ready for so long.
func goAbroadAfter(t *testing.T, ready time.Duration, listening int, f func(w *abroad)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &abroad{t: t, ledger: New(), origin: 99}
		w.ledger.SetRun(Run{ID: ourRun, Process: 2, Processes: 3, Distributed: true})
		w.audience = w.ledger.Audience(room)
		w.roster = new(Roster)
		w.attendance = w.roster.Attend()
		w.listen(listening)
		time.Sleep(ready)
		f(w)
	})
}

// listen adds listeners that are ready.
func (w *abroad) listen(n int) {
	for range n {
		l := enterAs(w.roster, w.audience)
		l.Ready(nil)
		w.listening = append(w.listening, l.Member(0))
	}
}

// ends has everybody leave, and then the accounts end.
func (w *abroad) ends() Ending {
	for _, m := range w.listening {
		m.listener.Leave(Local)
	}
	ending := w.attendance.End(time.Now())
	w.clocks, ending.Clocks = ending.Clocks, nil
	w.plans, ending.Plans = ending.Plans, nil
	return ending
}

func (w *abroad) stamp(sequence, end uint32) stamp.Stamp {
	return stamp.Stamp{Origin: w.origin, Sequence: sequence, End: end, Sent: time.Now()}
}

// hears has listeners read a stamp, 10 ms after it was given out.
func (w *abroad) hears(s stamp.Stamp, want Outcome, who ...int) {
	w.t.Helper()
	time.Sleep(10 * time.Millisecond)
	for _, i := range who {
		assert.Equal(w.t, want, w.ledger.Deliver(w.listening[i], s, time.Now()).Outcome, "listener %d", i)
	}
}

// told has the first listener read a token.
func (w *abroad) told(token stamp.Control) {
	w.t.Helper()
	_, err := w.ledger.Control(w.listening[0], []byte(stamp.WriteControl(token, nil)), time.Now())
	require.NoError(w.t, err)
}

func (w *abroad) opening(first, planned uint32) *stamp.Opening {
	return &stamp.Opening{
		Run: ourRun, Origin: w.origin, Series: 1, First: first, Planned: planned, Settle: settle, Sent: time.Now(),
	}
}

func (w *abroad) closing(last uint32, retracted ...stamp.Range) *stamp.Closing {
	return &stamp.Closing{
		Run: ourRun, Origin: w.origin, Series: 1, Number: last, Final: true, First: 1, Last: last, End: last, Settle: settle,
		Sent: time.Now(), FirstPublished: time.Now(), LastPublished: time.Now(), Retracted: retracted,
	}
}

// settles lets a while pass and returns what was settled then.
func (w *abroad) settles() []Settled {
	time.Sleep(time.Minute)
	return w.settle()
}

// settle returns what is settled now.
func (w *abroad) settle() []Settled {
	settled, _ := w.attendance.Settle(time.Now())
	return settled
}

// row is the numbers of what became of a broadcast.
type row struct {
	sequence                                uint32
	received, lost, cut, indeterminate      int64
	open, missed, late, duplicated, reorder int64
}

func (w *abroad) requireRows(settled []Settled, want ...row) {
	w.t.Helper()
	var got []row
	for _, s := range settled {
		assert.Equal(w.t, w.origin, s.Origin)
		assert.Equal(w.t, s.Expected, s.Received+s.Lost+s.Indeterminate)
		got = append(got, row{
			s.Sequence, s.Received, s.Lost, s.Cut, s.Indeterminate, s.Open, s.Missed, s.Late, s.Duplicated, s.Reordered,
		})
	}
	require.Equal(w.t, want, got)
}

// What somebody here has read is due to all that have been here for a while.
func TestWhatOthersPublishIsAccountedFor(t *testing.T) {
	t.Parallel()
	goAbroad(t, 3, func(w *abroad) {
		one, two, three := w.stamp(1, 3), w.stamp(2, 3), w.stamp(3, 3)
		w.hears(one, heard, 0, 1, 2)
		w.hears(three, heard, 0, 1)
		w.hears(one, duplicate, 2)
		w.hears(two, reordered, 1)
		require.Empty(t, w.settle())
		w.requireRows(w.settles(), row{sequence: 1, received: 3, duplicated: 1},
			row{sequence: 2, received: 1, lost: 2, reorder: 1}, row{sequence: 3, received: 2, lost: 1})
		w.hears(three, late, 2)
		require.Empty(t, w.settles(), "each is settled once")
		require.Equal(t, Ending{}, w.ends())
	})
}

// A broadcast that everybody has read doesn't wait for settle.
func TestACompleteBroadcastSettlesSoon(t *testing.T) {
	t.Parallel()
	goAbroad(t, 2, func(w *abroad) {
		w.hears(w.stamp(1, 2), heard, 0, 1)
		w.hears(w.stamp(2, 2), heard, 0)
		time.Sleep(grace)
		w.requireRows(w.settle(), row{sequence: 1, received: 2})
		time.Sleep(time.Millisecond)
		require.Empty(t, w.settle(), "it was looked at just before")
		w.requireRows(w.settles(), row{sequence: 2, received: 1, lost: 1})
	})
}

// Who leaves has lost what was on its way if it was cut off, and nobody knows if it left.
func TestLeavingWhatOthersPublish(t *testing.T) {
	t.Parallel()
	goAbroad(t, 5, func(w *abroad) {
		w.hears(w.stamp(1, 1), heard, 0)
		w.listening[1].listener.Leave(Cut)
		w.listening[2].listener.Leave(Local)
		time.Sleep(defaultSettle + time.Millisecond)
		w.listening[3].listener.Leave(Local) // after the flight
		w.requireRows(w.settles(), row{sequence: 1, received: 1, lost: 3, cut: 1, indeterminate: 1})
		w.hears(w.stamp(2, 2), heard, 0, 4)
		w.requireRows(w.settles(), row{sequence: 2, received: 2, missed: 1})
	})
}

// A listener that left before anybody here knew of a broadcast may have been there when it
// was published.
func TestLeavingWhatNobodyKnowsOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		maxError time.Duration
		want     row
	}{
		"clocks agree":            {time.Millisecond, row{sequence: 1, received: 1, lost: 1, cut: 1, indeterminate: 1, missed: 1}},
		"nothing known of clocks": {0, row{sequence: 1, received: 1, lost: 1, cut: 1, indeterminate: 2, open: 1, missed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goAbroad(t, 4, func(w *abroad) {
				w.ledger.SetRun(Run{ID: ourRun, Process: 2, ClockError: test.maxError})
				opening := w.opening(1, 1)
				opening.ClockError = test.maxError
				w.told(opening)
				w.listening[1].listener.Leave(Cut) // before it is published
				time.Sleep(100 * time.Millisecond)
				one := w.stamp(1, 1)
				time.Sleep(100 * time.Millisecond)
				w.listening[2].listener.Leave(Cut)
				w.listening[3].listener.Leave(Local)
				w.hears(one, heard, 0)
				w.requireRows(w.settles(), test.want)
			})
		})
	}
}

// What comes about when a broadcast was published may have been due or not; what comes
// later wasn't, even if it reads it.
func TestJoiningWhatOthersPublish(t *testing.T) {
	t.Parallel()
	goAbroad(t, 1, func(w *abroad) {
		w.listen(2) // less than settle before
		time.Sleep(time.Millisecond)
		one := w.stamp(1, 1)
		w.hears(one, heard, 0, 1)
		time.Sleep(time.Millisecond)
		w.listen(2)
		w.hears(one, heard, 3)
		w.requireRows(w.settles(), row{sequence: 1, received: 2, indeterminate: 2, open: 1})
	})
}

// Where broadcasts are due to confirmed listeners only, those that have heard nothing miss
// nothing.
func TestTheUnconfirmedMissNothingOfOthers(t *testing.T) {
	t.Parallel()
	for confirmed, want := range map[bool]row{
		true: {sequence: 1, received: 1, lost: 1}, false: {sequence: 1, received: 1, lost: 2},
	} {
		goAbroad(t, 3, func(w *abroad) {
			w.told(&stamp.Roll{Run: ourRun})
			w.ledger.Deliver(w.listening[1], w.ledger.Audience(room).Canary(), time.Now())
			time.Sleep(time.Hour)
			opening := w.opening(1, 1)
			opening.Confirmed = confirmed
			w.told(opening)
			w.hears(w.stamp(1, 1), heard, 0)
			w.requireRows(w.settles(), want)
		})
	}
}

// An account that begins in the midst has missed nothing if nobody was here before.
func TestAProcessThatComesLate(t *testing.T) {
	t.Parallel()
	goAbroad(t, 0, func(w *abroad) {
		w.listen(1)
		time.Sleep(time.Second)
		w.hears(w.stamp(100, 101), heard, 0)
		w.hears(w.stamp(101, 101), heard, 0)
		w.requireRows(w.settles(), row{sequence: 100, received: 1}, row{sequence: 101, received: 1})
		require.Equal(t, Ending{}, w.ends())
	})
}

// Earlier broadcasts than the first that was read are rows too if they come in time.
func TestAnAccountCanBeginEarlier(t *testing.T) {
	t.Parallel()
	goAbroad(t, 2, func(w *abroad) {
		one, three := w.stamp(1, 3), w.stamp(3, 3)
		w.hears(three, heard, 0, 1)
		w.hears(one, reordered, 0)
		w.requireRows(w.settles(), row{sequence: 1, received: 1, lost: 1, reorder: 1}, row{sequence: 2, lost: 2},
			row{sequence: 3, received: 2})
		require.Equal(t, Ending{}, w.ends())
	})
}

// What a closing calls retracted is no broadcast, unless somebody has read it.
func TestRetractionsOfOthers(t *testing.T) {
	t.Parallel()
	goAbroad(t, 2, func(w *abroad) {
		w.hears(w.stamp(1, 6), heard, 0, 1)
		w.hears(w.stamp(2, 6), heard, 0)
		w.told(w.closing(6, stamp.Range{First: 2, Last: 4}, stamp.Range{First: 6, Last: 6}))
		w.requireRows(w.settles(), row{sequence: 1, received: 2}, row{sequence: 2, received: 1, lost: 1}, row{sequence: 5, lost: 2})
		require.Equal(t, Ending{}, w.ends())
	})
	goAbroad(t, 2, func(w *abroad) {
		w.hears(w.stamp(1, 6), heard, 0, 1)
		closing := w.closing(6, stamp.Range{First: 6, Last: 6})
		closing.Listed = 5
		w.told(closing)
		w.requireRows(w.settles(), row{sequence: 1, received: 2}, row{sequence: 2, indeterminate: 2},
			row{sequence: 3, indeterminate: 2}, row{sequence: 4, indeterminate: 2}, row{sequence: 5, lost: 2})
	})
}

// Anybody can send stamps of ever new origins. There is room for what a token vouches for.
func TestStrangersAreBounded(t *testing.T) {
	t.Parallel()
	goAbroad(t, 1, func(w *abroad) {
		for range maxStrangers + 5 {
			w.origin++
			w.hears(w.stamp(1, 1), heard, 0)
		}
		require.Len(t, *w.audience.remotes.Load().accounts.Load(), maxStrangers)
		w.settles()
		for range 2 * maxStrangers {
			w.origin++
			w.told(w.opening(1, 1))
			w.hears(w.stamp(1, 1), heard, 0)
			w.hears(w.stamp(1, 1), duplicate, 0)
			w.requireRows(w.settles(), row{sequence: 1, received: 1, duplicated: 1})
		}
		require.Len(t, *w.audience.remotes.Load().accounts.Load(), 3*maxStrangers)
		require.LessOrEqual(t, len(w.listening[0].others), maxOrigins+2*maxStrangers)
		require.Equal(t, Ending{Unaccounted: 1}, w.ends(), "those without an account")
	})
}

// A publisher that is killed has told in its openings how many broadcasts it was to send. Each
// listener hears them.
func TestThePlanThatWasHeard(t *testing.T) {
	t.Parallel()
	goAbroad(t, 2, func(w *abroad) {
		w.told(w.opening(1, 10))
		w.told(w.opening(1, 10))
		second := w.opening(11, 7)
		second.Series = 2
		w.told(second)
		w.hears(w.stamp(1, 17), heard, 0, 1)
		w.settles()
		w.ends()
		require.Equal(t, []HeardPlan{{w.origin, 17}}, w.plans)
	})
}

// A token that isn't genuine changes nothing, not even that its listener has heard nothing.
func TestControlTokensThatAreNotGenuine(t *testing.T) {
	t.Parallel()
	goAbroad(t, 1, func(w *abroad) {
		w.ledger.SetRun(Run{ID: ourRun, Secret: []byte("secret")})
		text := stamp.WriteControl(w.opening(1, 1), nil)
		_, err := w.ledger.Control(w.listening[0], []byte(text), time.Now())
		require.ErrorIs(t, err, stamp.ErrForged)
		require.Nil(t, w.audience.remotes.Load().accounts.Load())
		count, _ := w.roster.Watch()
		require.Zero(t, count.Confirmed)
	})
}

// Of a token's copies one says something. All show that their listeners hear.
func TestCopiesOfAControlToken(t *testing.T) {
	t.Parallel()
	goAbroad(t, 3, func(w *abroad) {
		for i := range 2 * maxControls {
			text := []byte(stamp.WriteControl(&stamp.Roll{Run: ourRun, Number: uint32(i)}, nil))
			for j, m := range w.listening {
				control, err := w.ledger.Control(m, text, time.Now())
				require.NoError(t, err)
				require.Equal(t, j == 0, control != nil)
			}
			require.LessOrEqual(t, len(*w.audience.remotes.Load().controls.Load()), maxControls)
		}
		count, _ := w.roster.Watch()
		require.Equal(t, 3, count.Confirmed)
	})
}

// Deliveries, joins, departures and settling at once neither race nor lose anything.
func TestRemoteAccountsAreConcurrent(t *testing.T) {
	t.Parallel()
	const members, broadcasts = 50, 200
	l := New()
	l.SetRun(Run{ID: ourRun})
	a := l.Audience(room)
	roster := new(Roster)
	attendance := roster.Attend()
	var listening []*Listener
	for range members {
		l := enterAs(roster, a)
		l.Ready(nil)
		listening = append(listening, l)
	}
	var received, settledReceived, expected atomic.Int64
	add := func(settled []Settled) {
		for _, s := range settled {
			settledReceived.Add(s.Received + s.Indeterminate)
			expected.Add(s.Expected)
		}
	}
	var reading, settling sync.WaitGroup
	done := make(chan struct{})
	settling.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				roster.nextLook.Store(0)
				settled, _ := attendance.Settle(time.Now())
				add(settled)
			}
		}
	})
	for i, listener := range listening {
		m := listener.Member(0)
		reading.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for sequence := uint32(1); sequence <= broadcasts; sequence++ {
				s := stamp.Stamp{Origin: 5, Sequence: sequence, End: broadcasts, Sent: time.Now()}
				if random.IntN(10) > 0 {
					if d := l.Deliver(m, s, time.Now()); !d.Late {
						received.Add(1)
					}
				}
				if sequence == broadcasts/2 && i%2 == 0 {
					listener.Leave(Cut)
					return
				}
			}
		})
		reading.Go(func() {
			l := enterAs(roster, a)
			l.Ready(nil)
			l.Leave(Local)
		})
	}
	reading.Wait()
	close(done)
	settling.Wait()
	for _, l := range listening {
		l.Leave(Local)
	}
	ending := attendance.End(time.Now())
	add(ending.Settled)
	assert.GreaterOrEqual(t, settledReceived.Load(), received.Load(), "expected %d", expected.Load())
}

func TestRowIndex(t *testing.T) {
	t.Parallel()
	var x rowIndex
	sequences := func() (all string) {
		for _, r := range x.all() {
			require.Same(t, r, x.find(r.sequence))
			all += fmt.Sprint(r.sequence, " ")
		}
		return all
	}
	require.Nil(t, x.find(0))
	for sequence := uint32(5); sequence < 9; sequence++ {
		x.add(&remoteRow{sequence: sequence})
	}
	require.Equal(t, "5 6 7 8 ", sequences())
	x.prepend([]*remoteRow{{sequence: 3}, {sequence: 4}})
	require.Equal(t, "3 4 5 6 7 8 ", sequences())
	x.drop(0)
	x.drop(2)
	require.Equal(t, "5 6 7 8 ", sequences())
	require.Nil(t, x.find(4))
	require.Nil(t, x.find(9))
	x.drop(4)
	require.Empty(t, sequences())
	x.add(&remoteRow{sequence: 9})
	require.Equal(t, "9 ", sequences())
}
