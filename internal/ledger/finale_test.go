package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func TestFinale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		ours, theirs := l.Audience(room), l.Audience(hall)
		ours.OpenSeries(0, settle).Close() // before anybody listens
		f := NewFinale()
		assert.False(t, f.Over(time.Now()), "it watches nobody")
		f.Watch(ours, theirs)
		time.Sleep(time.Hour)
		assert.False(t, f.Over(time.Now()), "nothing was broadcast")
		ours.Canary()
		time.Sleep(time.Hour)
		assert.False(t, f.Over(time.Now()), "nor are canaries broadcasts")
		first, second := ours.OpenSeries(0, settle), theirs.OpenSeries(0, settle)
		time.Sleep(time.Hour)
		first.Close()
		first.Close()
		time.Sleep(quiet)
		assert.False(t, f.Over(time.Now()), "another is open")
		second.Close()
		time.Sleep(quiet - time.Millisecond)
		assert.False(t, f.Over(time.Now()), "there may be a next")
		third := ours.OpenSeries(0, settle)
		time.Sleep(time.Millisecond)
		assert.False(t, f.Over(time.Now()))
		third.Close()
		time.Sleep(quiet)
		f.Watch(ours) // again, which changes nothing
		assert.True(t, f.Over(time.Now()))
	})
}

// Who begins to listen while a series is open waits for its end.
func TestFinaleOfAnOpenSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := New().Audience(room)
		series := a.OpenSeries(0, settle)
		f := NewFinale()
		f.Watch(a)
		time.Sleep(time.Hour)
		assert.False(t, f.Over(time.Now()))
		series.Close()
		time.Sleep(quiet)
		assert.True(t, f.Over(time.Now()))
	})
}

// Who was to broadcast and gave up needn't be waited for, unless a barrier waits again.
func TestFinaleWithoutBroadcasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		a, roster := l.Audience(room), l.Roster("room")
		end := roster.Expect()
		enterAs(roster, a)
		f := NewFinale()
		f.Watch(a)
		end(false)
		time.Sleep(quiet - time.Millisecond)
		assert.False(t, f.Over(time.Now()), "it may go on all the same")
		end = a.Expect()
		time.Sleep(time.Hour)
		assert.False(t, f.Over(time.Now()), "it waits again")
		end(true)
		time.Sleep(quiet - time.Millisecond)
		assert.False(t, f.Over(time.Now()), "it is about to begin")
		series := a.OpenSeries(0, settle)
		end = roster.Expect()
		time.Sleep(time.Hour)
		end(false)
		assert.False(t, f.Over(time.Now()))
		series.Close()
		time.Sleep(quiet)
		assert.True(t, f.Over(time.Now()))
	})
}

func TestNoFinale(t *testing.T) {
	t.Parallel()
	var f *Finale
	f.Watch(New().Audience(room))
	assert.False(t, f.Over(time.Now()))
}

// Another process's series is over when its last closing has come and what was heard of it
// has settled.
func TestFinaleOfAnotherProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run := Run{ID: 5, Distributed: true, Secret: []byte("secret")}
		theirs, ours := New(), New()
		ours.SetRun(run)
		roster, a := ours.Roster("room"), ours.Audience(room)
		listener := enterAs(roster, a)
		listener.Ready(nil)
		m, attendance := listener.Member(0), roster.Attend()
		hear := func(token stamp.Control) {
			_, err := ours.Control(m, []byte(stamp.WriteControl(token, run.Secret)), time.Now())
			assert.NoError(t, err)
		}
		f := NewFinale()
		f.Watch(a)
		series := theirs.Audience(room).OpenSeries(2, settle)
		hear(series.Opening(&run))
		time.Sleep(time.Hour)
		assert.False(t, f.Over(time.Now()), "it is about to begin")
		ours.Deliver(m, series.Publish(time.Now()), time.Now())
		series.Publish(time.Now()) // which is lost
		hear(series.Closing(&run, false))
		time.Sleep(time.Hour)
		attendance.Settle(time.Now())
		assert.False(t, f.Over(time.Now()), "it hasn't ended")
		hear(series.Closing(&run, true))
		ours.Deliver(m, series.Publish(time.Now()), time.Now()) // which was on its way
		time.Sleep(quiet)
		assert.False(t, f.Over(time.Now()), "something is in flight")
		time.Sleep(settle)
		attendance.Settle(time.Now())
		assert.True(t, f.Over(time.Now()))
	})
}
