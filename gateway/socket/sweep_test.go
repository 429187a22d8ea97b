package socket

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

func TestSweepPeriod(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ idle, lifetime, period time.Duration }{
		{0, 0, 0},
		{20 * time.Second, 0, time.Second},
		{0, 40 * time.Second, 2 * time.Second},
		{20 * time.Second, 40 * time.Second, time.Second},
		{40 * time.Second, 20 * time.Second, time.Second},
		{time.Microsecond, time.Hour, time.Millisecond},
		{time.Hour, 2 * time.Hour, 10 * time.Second},
	} {
		require.Equal(t, row.period, Limits{Idle: row.idle, Lifetime: row.lifetime}.sweepPeriod(), "%v", row)
	}
}

// Which connections are closed, by how long ago they were opened and last active.
func TestExpiredConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		limits       Limits
		opened, used time.Duration
		closed       bool
	}{
		"no limits":         {Limits{}, time.Hour, time.Hour, false},
		"in use":            {Limits{Idle: time.Minute}, time.Hour, 59 * time.Second, false},
		"idle":              {Limits{Idle: time.Minute}, time.Hour, time.Minute, true},
		"young":             {Limits{Lifetime: time.Minute}, 59 * time.Second, 59 * time.Second, false},
		"old":               {Limits{Lifetime: time.Minute}, time.Minute, 0, true},
		"old, both limits":  {Limits{Idle: time.Minute, Lifetime: time.Hour}, time.Hour, 0, true},
		"idle, both limits": {Limits{Idle: time.Minute, Lifetime: time.Hour}, time.Minute, time.Minute, true},
		"neither of both":   {Limits{Idle: time.Minute, Lifetime: time.Hour}, 59 * time.Minute, 59 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Limits{})
			client, c, o := f.dial()
			now := time.UnixMilli(time.Now().UnixMilli())
			h := &Hub{limits: row.limits, conns: map[*Conn]struct{}{c: {}}}
			c.Opened = now.Add(-row.opened)
			c.active.Store(now.Add(-row.used).UnixMilli())
			h.closeExpired(now)
			if row.closed {
				requireClose(t, client, websocket.CloseGoingAway, "Going away")
				wait(t, o.closed)
			}
			require.Equal(t, row.closed, c.Write(Frame(nil)) != nil)
		})
	}
}

func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	for _, limits := range []Limits{{Idle: 10 * time.Millisecond}, {Lifetime: 10 * time.Millisecond}} {
		f := newFixture(t, limits)
		for range 2 {
			client, _, o := f.dial()
			requireClose(t, client, websocket.CloseGoingAway, "Going away")
			wait(t, o.closed)
		}
	}
}
