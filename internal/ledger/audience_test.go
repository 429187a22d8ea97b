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
		audience := New().Audience(room)
		var watching sync.WaitGroup
		seen := make([]Count, watchers)
		for i := range seen {
			watching.Go(func() {
				for seen[i].Ready < members {
					count, changed := audience.Watch()
					if seen[i] = count; count.Ready < members {
						<-changed
					}
				}
			})
		}
		for range members {
			watching.Go(func() { audience.Enter().Ready() })
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
	audience := ledger.Audience(room)
	s := audience.OpenSeries(0, 0)
	var m *Member
	for _, event := range []struct {
		name  string
		do    func()
		wakes bool
		want  Count
	}{
		{"a group", func() { audience.NoteGroupSize(3) }, true, Count{LargestGroup: 3}},
		{"a larger one", func() { audience.NoteGroupSize(5) }, true, Count{LargestGroup: 5}},
		{"a smaller one", func() { audience.NoteGroupSize(4) }, true, Count{LargestGroup: 5}},
		{"entering", func() { m = audience.Enter() }, true, Count{LargestGroup: 5, Connecting: 1}},
		{"an acknowledgement", func() { m.Ready() }, true, Count{LargestGroup: 5, Ready: 1}},
		{"another", func() { m.Ready() }, false, Count{LargestGroup: 5, Ready: 1}},
		{"a stamp", func() { deliverNext(ledger, m, s) }, true, Count{LargestGroup: 5, Ready: 1, Confirmed: 1}},
		{"another stamp", func() { deliverNext(ledger, m, s) }, false, Count{LargestGroup: 5, Ready: 1, Confirmed: 1}},
		{"leaving", func() { m.Leave(Local) }, true, Count{LargestGroup: 5, Left: 1}},
		{"leaving again", func() { m.Leave(Local) }, false, Count{LargestGroup: 5, Left: 1}},
		{"failing", func() { audience.Enter().Fail(errRefused) }, true, Count{LargestGroup: 5, Left: 1, Failed: 1, FirstFailure: errRefused}},
		{"being cut off", func() { listeners(audience, 1)[0].Leave(Cut) }, true, Count{
			LargestGroup: 5, Left: 2, CutOff: 1, Failed: 1, FirstFailure: errRefused,
		}},
		{"being replaced", func() { audience.ReduceCutOff(2) }, true, Count{
			LargestGroup: 5, Left: 2, Failed: 1, FirstFailure: errRefused,
		}},
		{"none to be replaced", func() { audience.ReduceCutOff(1) }, false, Count{
			LargestGroup: 5, Left: 2, Failed: 1, FirstFailure: errRefused,
		}},
	} {
		_, changed := audience.Watch()
		event.do()
		assert.Equal(t, event.wakes, isClosed(changed), event.name)
		count, _ := audience.Watch()
		assert.Equal(t, event.want, count, event.name)
	}
}

// Only listeners that are acknowledged can be deaf.
func TestDeaf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 3, Count{Connecting: 7, Ready: 5, Confirmed: 2, Failed: 11, Left: 13}.Deaf())
}
