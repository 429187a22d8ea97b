package listen

import (
	"slices"

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
			return
		}
		if !slices.Contains(found, s) {
			found = append(found, s)
			c.deliver(s, m)
		}
		rest = behind
	}
}

func (c *Conn) deliver(s stamp.Stamp, m wire.Message) {
	d := c.config.Ledger.Deliver(c.member, s, m.Arrived)
	switch {
	case d.Late:
		c.config.Observer.Erred(LateDelivery)
	case d.Stray:
		c.config.Observer.Erred(StrayDelivery)
	case d.Canary:
		return
	}
	c.config.Observer.Delivered(d, m.Read.Sub(m.Arrived))
}
