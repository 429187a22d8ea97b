package listen

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// enter finds the stamps in a message and enters each in the ledger. Several
// places of one payload may repeat a stamp; that is one delivery.
func (c *Conn) enter(m wire.Message) {
	var known [4]stamp.Stamp
	found := known[:0]
	for rest := m.Data; ; {
		s, behind, damaged, ok := stamp.Find(rest)
		for range damaged {
			c.config.Observer.Erred(DamagedStamp)
		}
		if !ok {
			break
		}
		if !slices.Contains(found, s) {
			found = append(found, s)
			c.deliver(s, m)
		}
		rest = behind
	}
	if len(found) == 0 && c.config.Pattern != nil {
		c.match(m)
	}
}

// match dates a broadcast that somebody else stamped in his own way. Who sent it
// and which one it is isn't known, so it enters no account.
func (c *Conn) match(m wire.Message) {
	if sent, ok := c.config.Pattern.Find(m.Data); ok {
		c.config.Observer.Delivered(ledger.Delivery{Delay: m.Arrived.Sub(sent)}, m.Read.Sub(m.Arrived))
	}
}

func (c *Conn) deliver(s stamp.Stamp, m wire.Message) {
	d := c.config.Ledger.Deliver(c.member, s, m.Arrived)
	switch {
	case d.Forged, d.Canary:
		return
	case d.Late:
		c.config.Observer.Erred(LateDelivery)
	case d.Stray:
		c.config.Observer.Erred(StrayDelivery)
	}
	c.config.Observer.Delivered(d, m.Read.Sub(m.Arrived))
}
