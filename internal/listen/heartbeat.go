package listen

import (
	"errors"
	"fmt"
	"time"
)

// Tick does what is due on a connection: pings, and giving up a gateway that has
// been silent for too long. It doesn't wait for the network.
func (c *Conn) Tick(now time.Time) {
	if c.leaving.Load() != nil {
		return
	}
	age := now.Sub(c.dialled)
	if !c.ready.Load() && age > c.config.Timeout {
		c.giveUp(ErrNotReady)
		return
	}
	if limit := time.Duration(c.silence.Load()); limit > 0 && age-time.Duration(c.heard.Load()) > limit {
		if c.giveUp(errors.New(silentFor(limit))) {
			c.config.Observer.Erred(Silence)
		}
		return
	}
	if c.config.Ping > 0 && age-time.Duration(c.pinged.Load()) >= c.config.Ping {
		c.pinged.Store(int64(age))
		go c.socket.Ping() //nolint:errcheck // if it fails, so will the next read
	}
}

// giveUp hangs up because of err, without waiting. It is false if that has been
// done.
func (c *Conn) giveUp(err error) bool {
	d := &departure{code: goingAway, err: err}
	if !c.leaving.CompareAndSwap(nil, d) {
		return false
	}
	go c.socket.Close(d.code, d.reason, closePatience)
	return true
}

func silentFor(limit time.Duration) string {
	return fmt.Sprintf("the gateway sent nothing for %s", limit)
}
