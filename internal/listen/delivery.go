package listen

import (
	"errors"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// join makes the listener a member of its subscriptions' audiences.
func (c *Conn) join(subscriptions []Subscription) {
	if len(subscriptions) == 1 {
		c.listener.Join(subscriptions[0].Audience)
		c.config.finale.Watch(subscriptions[0].Audience)
		return
	}
	audiences := make([]*ledger.Audience, len(subscriptions))
	for i, s := range subscriptions {
		audiences[i] = s.Audience
	}
	c.listener.Join(audiences...)
	c.config.finale.Watch(audiences...)
	c.requests = subscriptions
}

// member returns the listener as it has subscribed with a request. What names none of its
// subscriptions, as a message that comes after its subscription's end, counts for the first.
func (c *Conn) member(request string) *ledger.Member {
	for i := range c.requests {
		if c.requests[i].Request == request {
			return c.listener.Member(i)
		}
	}
	return c.listener.Member(0)
}

// recordDeliveries finds the stamps and control tokens in a message to a member and enters
// each in the ledger. A payload may hold the same stamp in several places; that is one
// delivery.
func (c *Conn) recordDeliveries(to *ledger.Member, m wire.Message) {
	var found stampSet
	broken, controls := 0, 0
	for rest := m.Data; ; {
		token, after, damaged, ok := stamp.Next(rest)
		for range damaged {
			c.config.Observer.Erred(DamagedStamp)
		}
		broken += damaged
		if !ok {
			break
		}
		switch {
		case token.Control != nil:
			controls++
			c.recordControl(to, token.Control, m)
		case found.add(token.Stamp):
			c.recordDelivery(to, token.Stamp, m)
		}
		rest = after
	}
	if found.len+controls == 0 && !c.recordByPattern(m) && broken == 0 && c.ready.Load() { // else it may be part of the handshake
		c.config.Observer.Unstamped(m.Data)
	}
}

// stampSet is the different stamps of one message. Few take no memory of their own, and
// many take no more time each than few.
type stampSet struct {
	few  [4]stamp.Stamp
	len  int
	many map[stamp.Stamp]struct{}
}

// add reports whether the stamp is new.
func (set *stampSet) add(s stamp.Stamp) bool {
	if slices.Contains(set.few[:set.len], s) {
		return false
	}
	if set.len < len(set.few) {
		set.few[set.len] = s
		set.len++
		return true
	}
	if set.many == nil {
		set.many = make(map[stamp.Stamp]struct{})
	}
	before := len(set.many)
	set.many[s] = struct{}{}
	return len(set.many) > before
}

func (c *Conn) recordDelivery(to *ledger.Member, s stamp.Stamp, m wire.Message) {
	d := c.config.Ledger.Deliver(to, s, m.Arrived)
	switch {
	case d.Forged:
		c.config.Observer.Erred(ForgedStamp)
		return
	case d.Canary:
		return
	case d.Late:
		c.config.Observer.Erred(LateDelivery)
	case d.Stray:
		c.config.Observer.Erred(StrayDelivery)
	}
	c.config.Observer.Delivered(d, m.Read.Sub(m.Arrived))
}

// recordControl enters a control token in the ledger. It is no delivery.
func (c *Conn) recordControl(to *ledger.Member, token []byte, m wire.Message) {
	switch control, err := c.config.Ledger.Control(to, token, m.Arrived); {
	case errors.Is(err, stamp.ErrDamaged):
		c.config.Observer.Erred(DamagedStamp)
	case err != nil:
		c.config.Observer.Erred(ForgedStamp)
	case control != nil && c.config.Control != nil:
		c.config.Control(control, to.Audience(), m.Arrived)
	}
}

// passControls passes on the control tokens in a message to a connection that is no listener.
func (c *Conn) passControls(m wire.Message) {
	secret := c.config.Ledger.Run().Secret
	for rest := m.Data; ; {
		token, after, _, ok := stamp.Next(rest)
		if !ok {
			return
		}
		if control, err := stamp.ReadControl(token.Control, secret); err == nil {
			c.config.Control(control, nil, m.Arrived)
		}
		rest = after
	}
}

// recordByPattern reads the send time of a broadcast that holds no stamp of ours, and
// reports whether there is one. Neither its publisher nor its number is known, so the
// ledger doesn't count it.
func (c *Conn) recordByPattern(m wire.Message) bool {
	if c.config.Pattern == nil {
		return false
	}
	sent, ok := c.config.Pattern.Find(m.Data)
	switch delay := m.Arrived.Sub(sent); {
	case !ok:
	case delay.Abs() > maxPatternDelay:
		c.config.Observer.Erred(StampPatternUnit)
	default:
		c.config.Observer.Delivered(ledger.Delivery{Delay: delay}, m.Read.Sub(m.Arrived))
	}
	return ok
}

// maxPatternDelay is how far away a time may be that a pattern found. Beyond that it is in
// another unit than milliseconds, or no time at all.
const maxPatternDelay = 24 * time.Hour
