package ledger

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each broadcast is told by itself, once all of it is known.
func TestBroadcastsSettleOneByOne(t *testing.T) {
	t.Parallel()
	const bit = time.Millisecond
	tellAll(t, map[string][]step{
		"when all have heard it, a while after the last": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one", "two"), sent("series", "one", "two"),
			hear("ann", "one", heard), hear("ann", "two", heard), wait(settle / 2), hear("bob", "two", heard),
			wait(grace - bit), settles("series", counts{}),
			wait(bit), settles("series", counts{sent: 1, expected: 2, received: 2}),
			hear("bob", "one", reordered), settles("series", counts{}),
			wait(grace), settles("series", counts{sent: 1, expected: 2, received: 2, reordered: 1}), settles("series", counts{}),
			closes("series", counts{sent: 2, expected: 4, received: 4, reordered: 1}),
		},
		"when its own silence has lasted, whatever becomes of the next": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), sent("series", "one"),
			hear("ann", "one", heard), wait(settle), publish("series", "two"), sent("series", "two"),
			wait(grace), settles("series", counts{}),
			wait(bit), settles("series", counts{sent: 1, expected: 2, received: 1, lost: 1}),
			hear("bob", "one", late), hear("ann", "two", heard), hear("bob", "two", heard),
			wait(grace), settles("series", counts{sent: 1, expected: 2, received: 2}),
			closes("series", counts{sent: 2, expected: 4, received: 3, lost: 1, late: 1}),
		},
		"when nobody was there to hear it": {
			open(room, "series"), publish("series", "one"), sent("series", "one"), join(room, "ann"), wait(grace),
			settles("series", counts{sent: 1, unheard: 1}),
			hear("ann", "one", late), hear("ann", "one", duplicate),
			closes("series", counts{sent: 1, unheard: 1, late: 1, duplicated: 1}),
		},
		"not before what arrived in time can have been read": {
			join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "one"), sent("series", "one"),
			wait(settle + grace), settles("series", counts{}), hearAfter(grace, "ann", "one", heard),
			hear("bob", "one", heard), wait(settle + grace + bit),
			settles("series", counts{sent: 1, expected: 3, received: 2, lost: 1}),
			hearAfter(settle+grace+bit, "eve", "one", late),
			closes("series", counts{sent: 1, expected: 3, received: 2, lost: 1, late: 1}),
		},
		"not while nobody knows whether it was sent": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), wait(time.Minute), settles("series", counts{}),
			sent("series", "one"), settles("series", counts{sent: 1, expected: 1, lost: 1}),
			closes("series", counts{sent: 1, expected: 1, lost: 1}),
		},
		"unless somebody has read it": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), hear("ann", "one", heard), wait(grace),
			settles("series", counts{sent: 1, expected: 1, received: 1}), retract("series", "one"), sent("series", "one"),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"when those who were to hear it were cut off": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), sent("series", "one"), cut("ann"), wait(grace),
			settles("series", counts{sent: 1, expected: 1, lost: 1, cut: 1}),
			closes("series", counts{sent: 1, expected: 1, lost: 1, cut: 1}),
		},
		"when somebody leaves after that, it changes nothing": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), sent("series", "one"),
			wait(settle + grace + bit), settles("series", counts{sent: 1, expected: 2, lost: 2}), leave("ann"), cut("bob"),
			interrupt("series"),
			closes("series", counts{sent: 1, expected: 2, lost: 2}),
		},
		"never by itself, where settle is zero": {
			join(room, "ann"), openUnsettled("series"), publish("series", "one"), sent("series", "one"),
			hear("ann", "one", heard), wait(time.Hour), settles("series", counts{}),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
	})
}

// What could not be sent is told when it is settled, and not before: until then, somebody may
// read it.
func TestRetractedBroadcastsSettle(t *testing.T) {
	t.Parallel()
	const bit = time.Millisecond
	tellAll(t, map[string][]step{
		"nobody reads it": {
			join(room, "ann"), openPlanned(room, "series", 3), publish("series", "one", "two"), retract("series", "one"),
			wait(settle + grace), settles("series", counts{}), wait(bit), settles("series", counts{unsent: 1}),
			settles("series", counts{}),
			closes("series", counts{sent: 1, unsent: 2, expected: 1, lost: 1}),
		},
		"somebody reads it at the last moment": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			wait(settle + grace), hear("ann", "one", late), wait(bit),
			settles("series", counts{sent: 1, expected: 2, lost: 2, late: 1}),
			closes("series", counts{sent: 1, expected: 2, lost: 2, late: 1}),
		},
		"somebody reads it after that": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			wait(settle + grace + bit), settles("series", counts{unsent: 1}), hear("ann", "one", late),
			closes("series", counts{unsent: 1, late: 1}),
		},
		"departures since one that is settled are forgotten": {
			join(room, "ann", "bob", "eve", "joe"), open(room, "series"), publish("series", "one"), retract("series", "one"),
			leave("bob"), wait(settle), publish("series", "two"), retract("series", "two"), leave("eve"), leavers("series", 2),
			wait(grace + bit), settles("series", counts{unsent: 1}), leavers("series", 1),
			hear("ann", "two", heard), leavers("series", 0),
			closes("series", counts{sent: 1, unsent: 1, expected: 3, received: 1, lost: 1, indeterminate: 1}),
		},
	})
}

// What is closed is remembered for a while, and after that its copies still count for its
// series.
func TestForgottenBroadcasts(t *testing.T) {
	t.Parallel()
	publishing := func(series string, n int) step {
		return func(_ *testing.T, f *fixture) {
			for range n {
				s := f.series[series]
				s.Sent(s.Publish(time.Now()))
			}
		}
	}
	known := func(name string, want bool) step {
		return func(t *testing.T, f *fixture) {
			t.Helper()
			assert.Equal(t, want, f.ledger.Audience(room).inFlight.find(f.stamps[name].Sequence) != nil)
		}
	}
	tellAll(t, map[string][]step{
		"copies and late ones": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"), sent("series", "one"), hear("ann", "one", heard),
			publishing("series", windowSize-1), wait(settle + grace + 1),
			settles("series", counts{sent: windowSize, expected: 2 * windowSize, received: 1, lost: 2*windowSize - 1}), known("one", true),
			publishing("series", 1), wait(settle + grace + 1), settles("series", counts{sent: 1, expected: 2, lost: 2}), known("one", false),
			hear("ann", "one", duplicate), hear("bob", "one", late), hear("bob", "one", duplicate),
			closes("series", counts{
				sent: windowSize + 1, expected: 2*windowSize + 2, received: 1, lost: 2*windowSize + 1, late: 1, duplicated: 2,
			}),
			hear("ann", "one", duplicate),
		},
		"the later ones of one that isn't settled aren't forgotten": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), publish("series", "two"), sent("series", "two"),
			publishing("series", 2*windowSize), hear("ann", "two", heard), wait(settle + grace + 1),
			settles("series", counts{sent: 2*windowSize + 1, expected: 2*windowSize + 1, received: 1, lost: 2 * windowSize}),
			known("two", true), hearAfter(settle, "ann", "one", reordered),
			closes("series", counts{sent: 2*windowSize + 2, expected: 2*windowSize + 2, received: 2, lost: 2 * windowSize, reordered: 1}),
		},
		"another series' copies are its own": {
			join(room, "ann"), open(room, "ours"), open(room, "theirs"), publish("theirs", "one"), sent("theirs", "one"),
			hear("ann", "one", heard), wait(grace), settles("theirs", counts{sent: 1, expected: 1, received: 1}),
			publishing("ours", windowSize), wait(settle + grace + 1), settles("ours", counts{sent: windowSize, expected: windowSize, lost: windowSize}),
			known("one", false), hear("ann", "one", duplicate),
			closes("ours", counts{sent: windowSize, expected: windowSize, lost: windowSize}),
			closes("theirs", counts{sent: 1, expected: 1, received: 1, duplicated: 1}),
		},
	})
}

// However long a series lasts, it keeps no more broadcasts than are in flight and some that
// were, whether they are heard, lost or couldn't be sent.
func TestASoakKeepsFewBroadcasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rate, hour = 50, 3600
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, 2)
		s := audience.OpenSeries(0, settle)
		var told counts
		for i := range rate * hour {
			one := s.Publish(time.Now())
			if i%5 == 0 {
				s.Retract(one)
			} else {
				s.Sent(one)
				ledger.Deliver(members[i%2], one, time.Now())
			}
			if i%7 != 0 {
				ledger.Deliver(members[(i+1)%2], one, time.Now())
			}
			time.Sleep(time.Second / rate)
			if i%(rate/10) == 0 {
				taken := s.TakeSettled(time.Now())
				told.tell(t, &taken)
				inFlight := rate * int((settle+grace)/time.Second+1)
				require.LessOrEqual(t, len(s.open), inFlight)
				require.LessOrEqual(t, len(s.pending), inFlight)
				require.LessOrEqual(t, len(audience.inFlight.table.Load().entries), inFlight+keptClosed)
				require.Len(t, s.sequences.turns, 1)
			}
		}
		result := s.Close()
		assertTold(t, &result, told)
		assert.Less(t, len(result.Rest.Broadcasts), 2*rate)
		assert.Equal(t, rate*hour, result.Planned)
		assert.Equal(t, (rate*hour+34)/35, result.Unsent)
	})
}

// Broadcasts that are settled while they are delivered add up.
func TestTakingInTheMiddle(t *testing.T) {
	t.Parallel()
	for range 200 {
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, 8)
		s := audience.OpenSeries(0, time.Microsecond)
		one := s.Publish(time.Now())
		s.Sent(one)
		lates := make(chan bool, len(members))
		var running sync.WaitGroup
		for _, m := range members {
			running.Go(func() { lates <- ledger.Deliver(m, one, time.Now()).Late })
		}
		var told counts
		running.Go(func() {
			taken := s.TakeSettled(time.Now().Add(2 * grace))
			told.tell(t, &taken)
		})
		running.Wait()
		close(lates)
		var late int64
		for is := range lates {
			if is {
				late++
			}
		}
		r := s.Close()
		assertIdentities(t, &r)
		assertTold(t, &r, told)
		require.Equal(t, counts{sent: 1, expected: 8, received: 8 - late, lost: late, late: late}, countsOf(&r))
	}
}
