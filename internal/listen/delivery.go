package listen

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// recordDeliveries finds the stamps in a message and enters each in the ledger. A
// payload may hold the same stamp in several places; that is one delivery.
func (c *Conn) recordDeliveries(m wire.Message) {
	var few [4]stamp.Stamp // so that a message with up to four stamps allocates nothing
	found := few[:0]
	for rest := m.Data; ; {
		s, after, damaged, ok := stamp.Find(rest)
		for range damaged {
			c.config.Observer.Erred(DamagedStamp)
		}
		if !ok {
			break
		}
		if !slices.Contains(found, s) {
			found = append(found, s)
			c.recordDelivery(s, m)
		}
		rest = after
	}
	if len(found) == 0 && c.config.Pattern != nil {
		c.recordByPattern(m)
	}
}

func (c *Conn) recordDelivery(s stamp.Stamp, m wire.Message) {
	d := c.config.Ledger.Deliver(c.member, s, m.Arrived)
	switch {
	case d.Canary:
		return
	case d.Late:
		c.config.Observer.Erred(LateDelivery)
	case d.Stray:
		c.config.Observer.Erred(StrayDelivery)
	}
	c.config.Observer.Delivered(d, m.Read.Sub(m.Arrived))
}

// recordByPattern reads the send time of a broadcast that holds no stamp of ours.
// Neither its publisher nor its number is known, so the ledger doesn't count it.
func (c *Conn) recordByPattern(m wire.Message) {
	if sent, ok := c.config.Pattern.Find(m.Data); ok {
		c.config.Observer.Delivered(ledger.Delivery{Delay: m.Arrived.Sub(sent)}, m.Read.Sub(m.Arrived))
	}
}
