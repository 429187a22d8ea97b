package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a listener hasn't read for so long that it would have been lost had it stayed is
// lost, even if it leaves before the series is closed.
func TestLeavingAfterTheFlight(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"nobody reads it": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			wait(settle), leave("ann"), wait(time.Millisecond), leave("bob"),
			closes("series", counts{sent: 1, expected: 2, lost: 1, indeterminate: 1}),
		},
		"somebody reads it": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"),
			wait(settle - time.Millisecond), hear("ann", "one", heard),
			wait(settle), leave("bob"), wait(time.Millisecond), leave("eve"),
			closes("series", counts{sent: 1, expected: 3, received: 1, lost: 1, indeterminate: 1}),
		},
		"somebody reads it after the flight, which doesn't put it in flight again": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"),
			wait(2 * settle), leave("bob"), hear("ann", "one", late), leave("eve"), leave("ann"),
			closes("series", counts{sent: 1, expected: 3, lost: 3, late: 1}),
		},
		"a copy doesn't prolong it": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard), wait(settle), hear("ann", "one", duplicate), wait(time.Millisecond), leave("bob"),
			closes("series", counts{sent: 1, expected: 2, received: 1, lost: 1, duplicated: 1}),
		},
		"each broadcast has a flight of its own": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			wait(2 * settle), publish("series", "two"), hear("ann", "two", heard), leave("bob"),
			closes("series", counts{sent: 2, expected: 4, received: 1, lost: 2, indeterminate: 1}),
		},
		"the publisher was late": {
			join(room, "ann", "bob"), open(room, "series"), publishLate("series", "unheard", time.Hour),
			publishLate("series", "one", time.Hour), hear("ann", "one", heard), leave("bob"),
			closes("series", counts{sent: 2, expected: 4, received: 1, lost: 1, indeterminate: 2}),
		},
		"it is in flight until it is closed, where settle is zero": {
			join(room, "ann"), openUnsettled("series"), publish("series", "one"), wait(time.Hour), leave("ann"),
			closes("series", counts{sent: 1, expected: 1, indeterminate: 1}),
		},
		"it was overtaken by too many": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "old"), skip("series", windowSize-1),
			publish("series", "new"), hear("ann", "new", heard), leave("ann", "bob"),
			closes("series", counts{
				sent: windowSize + 1, expected: 2 * (windowSize + 1),
				received: 1, lost: 1, indeterminate: 2*windowSize - 1 + 1,
			}),
		},
	})
}

func TestRetraction(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"nobody reads it": {
			join(room, "ann"), open(room, "series"), publish("series", "one", "two"),
			retract("series", "one"), hear("ann", "two", heard), pending("series"), leave("ann"),
			closes("series", counts{sent: 1, unsent: 1, expected: 1, received: 1}),
		},
		"it is read after that": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one", "two", "three"),
			retract("series", "two"), retract("series", "two"), retract("series", "three"),
			hear("ann", "one", heard), hear("ann", "two", heard), pending("series", "one", "two"),
			hear("bob", "one", heard), pending("series", "two"), hear("bob", "two", heard), pending("series"), leave("ann"),
			closes("series", counts{sent: 2, unsent: 1, expected: 4, received: 4}),
		},
		"it was read before that": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard), leave("bob"), retract("series", "one"), pending("series"),
			closes("series", counts{sent: 1, expected: 2, received: 1, indeterminate: 1}),
		},
		"a listener that joined has read it before that": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), join(room, "bob"),
			hear("bob", "one", heard), retract("series", "one"), pending("series", "one"),
			closes("series", counts{sent: 1, expected: 2, lost: 1, indeterminate: 1}),
		},
		"only a listener that joined reads it": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			join(room, "bob"), hear("bob", "one", heard), pending("series", "one"),
			closes("series", counts{sent: 1, expected: 2, lost: 1, indeterminate: 1}),
		},
		"it is retracted again, but was read": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			hear("ann", "one", heard), retract("series", "one"), pending("series", "one"),
			closes("series", counts{sent: 1, expected: 2, received: 1, lost: 1}),
		},
		"it is retracted twice, a listener leaves between, and it is read": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			retract("series", "one"), leave("bob"), retract("series", "one"), hear("ann", "one", heard),
			leavers("series", 0),
			closes("series", counts{sent: 1, expected: 2, received: 1, indeterminate: 1}),
		},
		"another series can't retract it": {
			join(room, "ann"), open(room, "ours"), open(room, "theirs"), publish("ours", "one"),
			retract("theirs", "one"), pending("ours", "one"),
			closes("ours", counts{sent: 1, expected: 1, lost: 1}), retract("ours", "one"), closes("theirs", counts{}),
		},
		"listeners leave before, between and after, and it is read": {
			join(room, "ann", "bob", "eve", "joe", "sue"), open(room, "series"), publish("series", "first", "one"),
			leave("bob"), retract("series", "first"), leave("eve"), retract("series", "one"), leave("joe"),
			join(room, "ivy"), leave("ivy"), // to which it wasn't due
			hear("ann", "one", heard), leave("sue"),
			closes("series", counts{sent: 1, unsent: 1, expected: 5, received: 1, indeterminate: 4}),
		},
		"a listener leaves after the flight, and it is read": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			wait(settle), leave("bob"), wait(time.Millisecond), leave("eve"), hear("ann", "one", late),
			closes("series", counts{sent: 1, expected: 3, lost: 2, indeterminate: 1, late: 1}),
		},
		"listeners are cut off after it, and it is read": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			wait(settle), cut("bob"), hear("ann", "one", heard), wait(settle + time.Millisecond), cut("eve"),
			closes("series", counts{sent: 1, expected: 3, received: 1, lost: 2, cut: 1}),
		},
		"it was late before that": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), wait(settle + time.Millisecond),
			hear("ann", "one", late), retract("series", "one"), leave("bob"), leavers("series", 0),
			closes("series", counts{sent: 1, expected: 2, lost: 2, late: 1}),
		},
		"a listener that wasn't confirmed leaves, and it is read": {
			requireConfirmation, join(room, "ann", "deaf"), elsewhere("theirs", 1, 1), hear("ann", "theirs", heard),
			open(room, "series"), publish("series", "one"), retract("series", "one"),
			leave("deaf"), hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"a listener that was overtaken by too many leaves, and it is read": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			skip("series", windowSize-2), publish("series", "last but one", "last"),
			hear("bob", "last but one", heard), hear("eve", "last", heard), leave("bob", "eve"),
			hear("ann", "one", heard),
			closes("series", counts{
				sent: windowSize + 1, expected: 3 * (windowSize + 1),
				received: 3, lost: 1 + windowSize, indeterminate: 2*windowSize - 1,
			}),
		},
		"departures are remembered while something is retracted": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one", "two"),
			retract("series", "one"), leave("bob"), retract("series", "two"),
			hear("ann", "one", heard), leave("eve"), hear("ann", "two", heard),
			closes("series", counts{sent: 2, expected: 6, received: 2, indeterminate: 4}),
		},
		"departures are forgotten after that": {
			join(room, "ann", "bob", "eve", "joe"), open(room, "series"), publish("series", "one", "two"),
			leave("bob"), leavers("series", 0), retract("series", "one"), leave("eve"), leavers("series", 1),
			hear("ann", "one", heard), leavers("series", 0), retract("series", "two"), leave("joe"),
			hear("ann", "two", heard),
			closes("series", counts{sent: 2, expected: 8, received: 2, indeterminate: 6}),
		},
	})
}

// What was on its way to a listener that the gateway or the network cuts off is lost.
func TestCuttingOff(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"in flight": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one", "two"),
			hear("bob", "one", heard), cut("bob"), leave("eve"), pending("series", "one", "two"),
			hear("ann", "one", heard), hear("ann", "two", heard), pending("series"), cut("ann"),
			closes("series", counts{sent: 2, expected: 6, received: 3, lost: 1, indeterminate: 2, cut: 1}),
		},
		"everybody": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), cut("ann", "bob"), cut("bob"),
			pending("series"), publish("series", "two"),
			closes("series", counts{sent: 2, unheard: 1, expected: 2, lost: 2, cut: 2, missed: 2}),
		},
		"after the flight, when it has gone missing": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), wait(settle + time.Millisecond), cut("ann"),
			closes("series", counts{sent: 1, expected: 1, lost: 1}),
		},
		"after it came late": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), wait(settle + time.Millisecond),
			hear("ann", "one", late), cut("ann"),
			closes("series", counts{sent: 1, expected: 1, lost: 1, late: 1}),
		},
		"one that joined after it was sent": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), join(room, "bob"), cut("bob"),
			hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"before the test is interrupted": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), cut("ann"), interrupt("series"),
			closes("series", counts{sent: 1, expected: 2, lost: 1, indeterminate: 1, cut: 1}),
		},
		"where settle is zero": {
			join(room, "ann"), openUnsettled("series"), publish("series", "one"), wait(time.Hour), cut("ann"),
			closes("series", counts{sent: 1, expected: 1, lost: 1, cut: 1}),
		},
	})
}

// Each broadcast settles by itself, when no first copy has arrived for a while.
func TestLateDeliveries(t *testing.T) {
	t.Parallel()
	const bit = time.Millisecond
	tellAll(t, map[string][]step{
		"at the last moment": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"),
			wait(settle), hear("ann", "one", heard), wait(settle), hear("bob", "one", heard),
			wait(settle + bit), hear("eve", "one", late), hear("eve", "one", duplicate),
			closes("series", counts{sent: 1, expected: 3, received: 2, lost: 1, late: 1, duplicated: 1}),
		},
		"while another is in flight": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), wait(settle / 2), publish("series", "two"),
			wait(settle/2 + bit), hear("ann", "two", heard), hear("ann", "one", late),
			closes("series", counts{sent: 2, expected: 2, received: 1, lost: 1, late: 1}),
		},
		"in a listener that joined after it was sent": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), join(room, "bob"), wait(settle + bit),
			hear("bob", "one", late),
			closes("series", counts{sent: 1, expected: 1, lost: 1, late: 1}),
		},
		"that was due to nobody": {
			open(room, "series"), publish("series", "one"), join(room, "ann"), wait(settle + bit), hear("ann", "one", late),
			closes("series", counts{sent: 1, late: 1}),
		},
		"for good, whatever arrived in time and is read after that": {
			join(room, "ann", "bob", "eve", "joe"), open(room, "series"), publish("series", "one"),
			wait(settle + bit), hear("ann", "one", late), hearAfter(bit, "bob", "one", heard),
			hear("eve", "one", late), leave("joe"),
			closes("series", counts{sent: 1, expected: 4, received: 1, lost: 3, late: 2}),
		},
		"read late, but arrived in time": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			wait(settle + 2*bit), hearAfter(2*bit, "ann", "one", heard), hear("bob", "one", heard),
			closes("series", counts{sent: 1, expected: 2, received: 2}),
		},
		"read in another order than they arrived": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"), wait(settle),
			hear("ann", "one", heard), hearAfter(settle/2, "bob", "one", heard), wait(settle), hear("eve", "one", heard),
			closes("series", counts{sent: 1, expected: 3, received: 3}),
		},
		"as somebody who left has shown": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), wait(settle + bit), leave("ann"),
			hearAfter(bit, "bob", "one", heard), wait(settle / 2), leave("bob"),
			closes("series", counts{sent: 1, expected: 2, received: 1, lost: 1}),
		},
		"never, where settle is zero": {
			join(room, "ann"), openUnsettled("series"), publish("series", "one"), wait(time.Hour),
			hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"when the test is interrupted after it was settled": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), wait(settle), publish("series", "two"),
			wait(bit), interrupt("series"),
			closes("series", counts{sent: 2, expected: 2, lost: 1, indeterminate: 1}),
		},
		"when the test is interrupted twice": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), interrupt("series"),
			wait(settle + bit), publish("series", "two"), interrupt("series"),
			closes("series", counts{sent: 2, expected: 2, indeterminate: 2}),
		},
	})
}

// A late copy is in no time that is reported.
func TestLateDeliveriesHaveNoDelay(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	members := listeners(audience, 2)
	series := audience.OpenSeries(1, settle)
	one := series.Publish(time.Now())
	ledger.Deliver(members[0], one, one.Sent.Add(time.Millisecond))
	assert.True(t, ledger.Deliver(members[1], one, one.Sent.Add(time.Hour)).Late)
	result := series.Close()
	assert.Equal(t, Fanout{First: time.Millisecond, Last: time.Millisecond}, result.Slowest)
	assert.InEpsilon(t, time.Millisecond, result.P99, 0.02)
	assert.EqualValues(t, 1, result.Late)
}

func TestMissed(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"until it is replaced": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard), hear("bob", "one", heard), hear("eve", "one", heard),
			cut("bob", "eve"), publish("series", "two"), hear("ann", "two", heard),
			join(room, "new bob"), reduceCutOff(1), publish("series", "three"),
			hear("ann", "three", heard), hear("new bob", "three", heard),
			reduceCutOff(3), publish("series", "four"), hear("ann", "four", heard), hear("new bob", "four", heard),
			stands(room, Count{Ready: 2, Confirmed: 2, Left: 2}),
			closes("series", counts{sent: 4, expected: 8, received: 8, missed: 3}),
		},
		"not what wasn't sent": {
			join(room, "ann", "bob"), cut("bob"), open(room, "series"), publish("series", "one", "two"),
			retract("series", "one"), hear("ann", "two", heard), stands(room, Count{Ready: 1, Confirmed: 1, Left: 1, CutOff: 1}),
			closes("series", counts{sent: 1, unsent: 1, expected: 1, received: 1, missed: 1}),
		},
		"not by one that left or never was ready": {
			join(room, "ann"), enter(room, "bob"), leave("ann"), cut("bob"), open(room, "series"), publish("series", "one"),
			stands(room, Count{Failed: 1, FirstFailure: errCut, Left: 1}),
			closes("series", counts{sent: 1, unheard: 1}),
		},
	})
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"nothing is lost": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one", "two"), join(room, "joe"),
			hear("ann", "one", heard), hear("joe", "one", heard), leave("eve"), interrupt("series"),
			closes("series", counts{sent: 2, expected: 7, received: 1, indeterminate: 6}),
		},
		"what is read after it is received": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), interrupt("series"),
			hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 2, received: 1, indeterminate: 1}),
		},
		"all was read": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), hear("ann", "one", heard), interrupt("series"),
			publish("series", "two"),
			closes("series", counts{sent: 2, expected: 2, received: 1, lost: 1}),
		},
		"another series goes on": {
			join(room, "ann"), open(room, "ours"), open(room, "theirs"),
			publish("ours", "one"), publish("theirs", "two"), interrupt("ours"),
			closes("ours", counts{sent: 1, expected: 1, indeterminate: 1}),
			closes("theirs", counts{sent: 1, expected: 1, lost: 1}),
		},
	})
}

// Publish, Settle and Leave look at no broadcasts but those that are pending, and the
// retracted aren't, however many they are.
func TestRetractedBroadcastsCostNoWork(t *testing.T) {
	t.Parallel()
	const broadcasts, leaving = 20_000, 100
	for name, outstanding := range map[string]int{"nothing is outstanding": 0, "something is": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger := New()
			audience := ledger.Audience(room)
			members := listeners(audience, 1+leaving)
			s := audience.OpenSeries(0, settle)
			for range outstanding {
				s.Publish(time.Now())
			}
			work := 0
			for i := range broadcasts {
				one := s.Publish(time.Now())
				work += len(s.pending)
				s.Retract(one)
				require.Equal(t, outstanding == 0, s.complete())
				work += len(s.pending)
				if i%(broadcasts/leaving) == 0 {
					members[1+i/(broadcasts/leaving)].listener.Leave(Local)
					work += len(s.pending)
				}
			}
			assert.LessOrEqual(t, work, (2*broadcasts+leaving)*(1+outstanding))
			assert.Len(t, s.pending, outstanding)
			assert.Len(t, s.leavers, leaving)
		})
	}
}

// Nor do the settled ones cost any, though nobody waits for the series yet.
func TestSettledBroadcastsCostNoWork(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	member := listeners(audience, 1)[0]
	s := audience.OpenSeries(0, settle)
	for range 100 {
		one := s.Publish(time.Now())
		require.Len(t, s.pending, 1)
		ledger.Deliver(member, one, time.Now())
	}
	other := enterAs(new(Roster), audience)
	other.Ready(nil)
	lost := s.Publish(time.Now())
	ledger.Deliver(other.Member(0), s.Publish(time.Now()), time.Now())
	ledger.Deliver(member, s.Publish(time.Now()), time.Now())
	require.Len(t, s.pending, 3)
	other.Leave(Local)
	assert.Len(t, s.pending, 3)
	other = enterAs(new(Roster), audience)
	other.Ready(nil)
	ledger.Deliver(member, lost, time.Now())
	other.Leave(Local)
	require.Len(t, s.pending, 1, "leaving drops what is settled after something outstanding, too")
	assert.False(t, s.complete())
}

// Of several listeners that read a retracted broadcast at once, one restores it.
func TestRestoringOnce(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	members := listeners(audience, 2)
	s := audience.OpenSeries(0, settle)
	one := s.Publish(time.Now())
	s.Retract(one)
	members[1].listener.Leave(Local)
	b := audience.inFlight.find(one.Sequence)
	for range 2 {
		s.restore(b)
		assert.Equal(t, []*broadcast{b}, s.pending)
		assert.Zero(t, s.retracted)
	}
	result := s.Close()
	assert.Equal(t, counts{sent: 1, expected: 2, lost: 1, indeterminate: 1}, countsOf(&result))
}

// Broadcasts are pending in the order in which they were published, whichever are
// retracted and restored.
func TestPendingStaysInOrder(t *testing.T) {
	t.Parallel()
	tell(t, []step{
		join(room, "ann", "bob"), open(room, "series"), publish("series", "one", "two", "three", "four"),
		retract("series", "three"), pending("series", "one", "two", "four"),
		retract("series", "one"), pending("series", "two", "four"),
		hear("ann", "three", heard), pending("series", "two", "three", "four"),
		hear("ann", "one", reordered), pending("series", "one", "two", "three", "four"),
		retract("series", "four"), retract("series", "two"), pending("series", "one", "three"),
		hear("bob", "three", heard), pending("series", "one", "three"),
		hear("bob", "one", reordered), pending("series"),
		closes("series", counts{sent: 2, unsent: 2, expected: 4, received: 4, reordered: 2}),
	})
}
