package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Openings and closings say what the series knows of itself, by the process's clock.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		l.SetClockOffset(-time.Hour)
		here := func() time.Time { return time.Now().Add(-time.Hour) }
		a := l.Audience(room)
		run := &Run{ID: 3, ClockError: time.Millisecond}
		a.OpenSeries(1, settle).Publish(time.Now())
		previous := here()
		time.Sleep(time.Second)
		a.RequireConfirmation()
		s := a.OpenSeries(3, settle)
		require.Equal(t, &stamp.Opening{
			Run: 3, Origin: a.origin, Series: 2, First: 2, Planned: 3, Settle: settle, Sent: here(), Previous: previous,
			ClockError: time.Millisecond, Confirmed: true,
		}, s.Opening(run))
		require.Equal(t, &stamp.Closing{
			Run: 3, Origin: a.origin, Series: 2, Number: 1, First: 2, Last: 1, End: 4, Settle: settle, Sent: here(),
			LastPublished: previous,
		}, s.Closing(run, false))

		first := here()
		s.Publish(time.Now().Add(-time.Minute))
		time.Sleep(time.Second)
		s.Retract(s.Publish(time.Now()))
		last := here()
		time.Sleep(time.Second)
		require.Equal(t, &stamp.Closing{
			Run: 3, Origin: a.origin, Series: 2, Number: 2, Final: true, First: 2, Last: 3, End: 3, Settle: settle, Sent: here(),
			FirstPublished: first, LastPublished: last, Retracted: []stamp.Range{{First: 3, Last: 3}},
		}, s.Closing(run, true))
	})
}

// What somebody has read was sent, and isn't called retracted.
func TestARestoredBroadcastIsNotRetracted(t *testing.T) {
	t.Parallel()
	l := New()
	a := l.Audience(room)
	m := listeners(a, 1)[0]
	s := a.OpenSeries(1, settle)
	one := s.Publish(time.Now())
	s.Retract(one)
	require.Len(t, s.Closing(&Run{}, false).Retracted, 1)
	l.Deliver(m, one, time.Now())
	require.Empty(t, s.Closing(&Run{}, true).Retracted)
}

// Broadcasts to all and messages to one each aren't mixed.
func TestAnAudienceIsDedicated(t *testing.T) {
	t.Parallel()
	for _, toOne := range []bool{false, true} {
		a := New().Audience(room)
		require.True(t, a.Dedicate(toOne))
		require.False(t, a.Dedicate(!toOne))
		require.True(t, a.Dedicate(toOne))
	}
}
