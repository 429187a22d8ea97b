package socket

import (
	"time"

	"github.com/gorilla/websocket"
)

// sweep closes the connections that have been idle or open for too long, with
// 1001 "Going away" as API Gateway does. One goroutine checks all of them
// periodically, because a timer for each would cost memory.
func (h *Hub) sweep() {
	period := h.limits.sweepPeriod()
	if period == 0 {
		return
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case now := <-ticker.C:
			h.closeExpired(now)
		}
	}
}

// closeExpired closes the connections that are past a limit.
func (h *Hub) closeExpired(now time.Time) {
	for _, c := range h.Conns() {
		idle := h.limits.Idle > 0 && now.Sub(c.LastActive()) >= h.limits.Idle
		old := h.limits.Lifetime > 0 && now.Sub(c.Opened) >= h.limits.Lifetime
		if idle || old {
			c.Close(websocket.CloseGoingAway, "Going away")
		}
	}
}

// sweepPeriod returns how often connections are checked: 20 times in the shorter
// of the two limits, within bounds. It is 0 if there is neither limit.
func (l Limits) sweepPeriod() time.Duration {
	shortest := l.Idle
	if shortest == 0 || l.Lifetime > 0 && l.Lifetime < shortest {
		shortest = l.Lifetime
	}
	if shortest == 0 {
		return 0
	}
	return min(max(shortest/20, time.Millisecond), 10*time.Second)
}
