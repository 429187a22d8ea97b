package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A listener in several audiences counts once, is due what is sent to each of them, and is
// confirmed when it has read a stamp of each.
func TestSeveralAudiences(t *testing.T) {
	t.Parallel()
	ledger, roster := New(), new(Roster)
	audiences := []*Audience{ledger.Audience(room), ledger.Audience(hall), ledger.Audience(Name{Key: "yard"})}
	ann := roster.Enter()
	ann.Join(audiences...)
	stands := func(want Count) {
		t.Helper()
		got, _ := roster.Watch()
		assert.Equal(t, want, got)
	}
	stands(Count{Connecting: 1})
	ann.Ready(nil)
	stands(Count{Ready: 1})
	var series []*Series
	for i, a := range audiences {
		count, _ := a.Watch()
		assert.Equal(t, 1, count.Ready)
		s := a.OpenSeries(0, settle)
		one := s.Publish(time.Now())
		s.Publish(time.Now())
		assert.Equal(t, Outcome{}, ledger.Deliver(ann.Member(i), one, time.Now()).Outcome)
		astray := ledger.Deliver(ann.Member((i+1)%3), one, time.Now())
		assert.Equal(t, Outcome{Stray: true}, astray.Outcome)
		assert.Equal(t, &Strayed{Meant: a.Name().Key, Reached: audiences[(i+1)%3].Name().Key}, astray.Strayed)
		assert.Equal(t, Outcome{Duplicate: true}, ledger.Deliver(ann.Member(i), one, time.Now()).Outcome)
		series = append(series, s)
	}
	stands(Count{Ready: 1, Confirmed: 1})
	ann.Leave(Cut)
	ann.Leave(Cut)
	stands(Count{Left: 1, CutOff: 1})
	for i, s := range series {
		count, _ := audiences[i].Watch()
		assert.Equal(t, Count{CutOff: 1}, count)
		result := s.Close()
		assert.Equal(t, counts{sent: 2, expected: 2, received: 1, lost: 1, cut: 1, duplicated: 1}, countsOf(&result))
	}
}

// Only when each of its audiences has reached it is a listener confirmed.
func TestDeafInOneOfSeveralAudiences(t *testing.T) {
	t.Parallel()
	ledger, roster := New(), new(Roster)
	here, there := ledger.Audience(room), ledger.Audience(hall)
	ann, bob := roster.Enter(), roster.Enter()
	ann.Join(here, there)
	bob.Join(here)
	roster.RequireConfirmation()
	ann.Ready(nil)
	bob.Ready(nil)
	assert.ElementsMatch(t, []*Audience{here, there}, roster.Unconfirmed())
	tweet := here.Canary()
	ledger.Deliver(ann.Member(0), tweet, time.Now())
	ledger.Deliver(bob.Member(0), tweet, time.Now())
	count, _ := roster.Watch()
	assert.Equal(t, Count{Ready: 2, Confirmed: 1}, count)
	assert.Equal(t, 1, count.Deaf())
	assert.Equal(t, []*Audience{there}, roster.Unconfirmed())
	s := there.OpenSeries(0, settle)
	s.Publish(time.Now())
	result := s.Close()
	assert.Equal(t, counts{sent: 1, unheard: 1}, countsOf(&result), "of a deaf one nothing is expected")
	carl := roster.Enter()
	yard := ledger.Audience(Name{Key: "yard"})
	carl.Join(yard)
	assert.True(t, yard.requireConfirmed(), "also where somebody comes later")
}

// What is meant for one member is due to it alone, and of another it is stray.
func TestMeantForOne(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"received": {
			join(room, "ann", "bob"), open(room, "series"), publishTo("series", "ann", "one"), pending("series", "one"),
			hear("ann", "one", heard), hear("ann", "one", duplicate), pending("series"),
			closes("series", counts{sent: 1, expected: 1, received: 1, duplicated: 1}),
		},
		"lost": {
			join(room, "ann", "bob"), open(room, "series"), publishTo("series", "ann", "one"), hear("bob", "one", stray),
			closes("series", counts{sent: 1, expected: 1, lost: 1}),
		},
		"somebody else leaves": {
			join(room, "ann", "bob"), open(room, "series"), publishTo("series", "ann", "one"), leave("bob"), pending("series", "one"),
			hear("ann", "one", heard), closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"the addressee leaves": {
			join(room, "ann", "bob"), open(room, "series"), publishTo("series", "ann", "one"), publishTo("series", "bob", "two"),
			cut("ann"), leave("bob"), closes("series", counts{sent: 2, expected: 2, lost: 1, cut: 1, indeterminate: 1}),
		},
		"to one that isn't there": {
			enter(room, "ann"), join(room, "bob", "eve"), leave("bob"), cut("eve"), open(room, "series"),
			publishTo("series", "ann", "one"), publishTo("series", "bob", "two"), publishTo("series", "eve", "three"),
			closes("series", counts{sent: 3, unheard: 3, missed: 1}),
		},
		"to one that is deaf": {
			requireConfirmation, join(room, "ann", "bob"), elsewhere("theirs", 1, 1), hear("bob", "theirs", heard),
			open(room, "series"), publishTo("series", "ann", "one"), publishTo("series", "bob", "two"), hear("bob", "two", heard),
			closes("series", counts{sent: 2, unheard: 1, expected: 1, received: 1}),
		},
		"in between others": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "all"), publishTo("series", "ann", "one"),
			hear("ann", "one", heard), hear("ann", "all", reordered), hear("bob", "all", heard), pending("series"),
			closes("series", counts{sent: 2, expected: 3, received: 3, reordered: 1}),
		},
		"not sent": {
			join(room, "ann"), open(room, "series"), publishTo("series", "ann", "one"), retract("series", "one"),
			closes("series", counts{unsent: 1}),
		},
	})
}

// A requirement of confirmation that is withdrawn is as if it had never been, unless there is
// another; also of audiences that came in between.
func TestConfirmationIsWithdrawn(t *testing.T) {
	t.Parallel()
	ledger, roster := New(), new(Roster)
	audiences := []*Audience{ledger.Audience(room), ledger.Audience(hall)}
	for i, a := range audiences {
		for range 2 {
			ann := roster.Enter()
			ann.Join(a)
			ann.Ready(nil)
		}
		if i == 0 {
			roster.RequireConfirmation()
		}
	}
	due := func() (due []int64) {
		for _, a := range audiences {
			s := a.OpenSeries(1, settle)
			s.Publish(time.Now())
			result := s.Close()
			due = append(due, result.Expected)
		}
		return due
	}
	assert.Equal(t, []int64{0, 0}, due())
	audiences[1].RequireConfirmation()
	roster.WithdrawConfirmation()
	assert.Equal(t, []int64{2, 0}, due())
	audiences[1].WithdrawConfirmation()
	assert.Equal(t, []int64{2, 2}, due())
}
