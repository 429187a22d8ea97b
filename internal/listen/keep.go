package listen

import (
	"errors"
	"fmt"
	"time"
)

// Keep does what is due on a connection: pings, and giving up a gateway that has
// been silent for too long. It doesn't wait for the network.
func (c *Conn) Keep(now time.Time) {
	age := now.Sub(c.dialled)
	if !c.ready.Load() && age > c.config.Timeout {
		go c.depart(departure{code: goingAway, err: ErrNotReady})
		return
	}
	if limit := time.Duration(c.silence.Load()); limit > 0 && age-time.Duration(c.heard.Load()) > limit {
		c.config.Observer.Erred(Silence)
		go c.depart(departure{code: goingAway, err: errors.New(silentFor(limit))})
		return
	}
	if c.config.Ping > 0 && age-time.Duration(c.pinged.Load()) >= c.config.Ping {
		c.pinged.Store(int64(age))
		go c.socket.Ping() //nolint:errcheck // if it fails, so will the next read
	}
}

func silentFor(limit time.Duration) string {
	return fmt.Sprintf("the gateway sent nothing for %s", limit)
}
