package ledger

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// In a bubble, watchers that nobody wakes are a deadlock, which ends the test.
func TestWatchersAreWoken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const members, watchers = 20, 4
		roster := new(Roster)
		var watching sync.WaitGroup
		seen := make([]Count, watchers)
		for i := range seen {
			watching.Go(func() {
				for seen[i].Ready < members {
					count, changed := roster.Watch()
					if seen[i] = count; count.Ready < members {
						<-changed
					}
				}
			})
		}
		for range members {
			watching.Go(func() { roster.Enter().Ready(nil) })
		}
		watching.Wait()
		for _, count := range seen {
			assert.Equal(t, Count{Ready: members}, count)
		}
	})
}

// What changes the count wakes the watchers; what a listener repeats does not.
func TestWhatWakesWatchers(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience, roster := ledger.Audience(room), new(Roster)
	s := audience.OpenSeries(0, 0)
	cutOne := func() {
		l := enterAs(roster, audience)
		l.Ready(nil)
		l.Leave(Cut)
	}
	var l *Listener
	for _, event := range []struct {
		name  string
		do    func()
		wakes bool
		want  Count
	}{
		{"a group", func() { roster.NoteGroupSize(3) }, true, Count{LargestGroup: 3}},
		{"a larger one", func() { roster.NoteGroupSize(5) }, true, Count{LargestGroup: 5}},
		{"a smaller one", func() { roster.NoteGroupSize(4) }, true, Count{LargestGroup: 5}},
		{"entering", func() { l = enterAs(roster, audience) }, true, Count{LargestGroup: 5, Connecting: 1}},
		{"an acknowledgement", func() { l.Ready(nil) }, true, Count{LargestGroup: 5, Ready: 1}},
		{"another", func() { l.Ready(nil) }, false, Count{LargestGroup: 5, Ready: 1}},
		{"a stamp", func() { deliverNext(ledger, l.Member(0), s) }, true, Count{LargestGroup: 5, Ready: 1, Confirmed: 1}},
		{"another stamp", func() { deliverNext(ledger, l.Member(0), s) }, false, Count{LargestGroup: 5, Ready: 1, Confirmed: 1}},
		{"leaving", func() { l.Leave(Local) }, true, Count{LargestGroup: 5, Left: 1}},
		{"leaving again", func() { l.Leave(Local) }, false, Count{LargestGroup: 5, Left: 1}},
		{"failing", func() { roster.Enter().Fail(errRefused) }, true, Count{LargestGroup: 5, Left: 1, Failed: 1, FirstFailure: errRefused}},
		{"being cut off", func() { cutOne() }, true, Count{
			LargestGroup: 5, Left: 2, CutOff: 1, Failed: 1, FirstFailure: errRefused,
		}},
		{"being replaced", func() { roster.reduceCutOff(2) }, true, Count{
			LargestGroup: 5, Left: 2, Failed: 1, FirstFailure: errRefused,
		}},
		{"none to be replaced", func() { roster.reduceCutOff(1) }, false, Count{
			LargestGroup: 5, Left: 2, Failed: 1, FirstFailure: errRefused,
		}},
	} {
		_, changed := roster.Watch()
		event.do()
		assert.Equal(t, event.wakes, isClosed(changed), event.name)
		count, _ := roster.Watch()
		assert.Equal(t, event.want, count, event.name)
	}
}

// Only listeners that are acknowledged can be deaf.
func TestDeaf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 3, Count{Connecting: 7, Ready: 5, Confirmed: 2, Failed: 11, Left: 13}.Deaf())
}
