package listen

import (
	"fmt"
	"time"
)

// heartbeatEvery is how often a group looks at its connections. What becomes due on
// them does so after seconds or minutes.
const heartbeatEvery = time.Second

// Tick does what is due on the group's connections and in its accounts, and ends listening
// when the broadcasts are over. It may be called at any rate.
func (g *Group) Tick(now time.Time) {
	g.settleAccounts(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.lastTick) < heartbeatEvery {
		return
	}
	g.lastTick = now
	if g.end != nil && g.config.finale.Over(now) {
		g.end()
	}
	for c := range g.conns {
		c.Tick(now)
	}
}

// Tick does what is due on a connection: it sends pings, and it closes the connection
// if the handshake or a step of it takes too long or the gateway has been silent for too long. It
// doesn't wait for the network.
func (c *Conn) Tick(now time.Time) {
	if c.closedByUs.Load() != nil {
		return
	}
	age := now.Sub(c.dialled)
	maxSilence, stepEnds := time.Duration(c.maxSilence.Load()), time.Duration(c.stepEnds.Load())
	switch {
	case !c.ready.Load() && age > c.config.Timeout:
		c.closeBecause(c.explain(errNotReady))
	case !c.ready.Load() && stepEnds > 0 && age > stepEnds:
		c.closeBecause(c.explain(errNoReply))
	case maxSilence > 0 && age-time.Duration(c.lastMessage.Load()) > maxSilence:
		if c.closeBecause(fmt.Errorf("the gateway sent nothing for %s", maxSilence)) {
			c.config.Observer.Erred(Silence)
		}
	case c.config.Ping > 0 && age-time.Duration(c.lastPing.Load()) >= c.config.Ping:
		c.lastPing.Store(int64(age))
		go c.socket.Ping() //nolint:errcheck // if it fails, so will the next read
	}
}
