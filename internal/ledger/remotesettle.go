package ledger

import "time"

// settle settles what can be settled, all if the accounts end, and appends what became of
// it. The audience's lock is held.
func (r *remotes) settle(settled []Settled, now instant, ends bool) []Settled {
	longest := time.Duration(0)
	for _, c := range r.all() {
		settled = c.settleRows(settled, now, ends)
		longest = max(longest, c.settle)
	}
	kept := now.plus(-max(minKept, 2*longest))
	r.ready.forget(kept)
	r.confirmed.forget(kept)
	return settled
}

// minKept is for how long it is kept, at least, when each listener came and left. Who came
// before that was there when a broadcast that is in flight was published.
const minKept = time.Minute

// settleRows appends what became of each row that is settled now. The audience's lock is
// held.
func (c *account) settleRows(settled []Settled, now instant, ends bool) []Settled {
	rows := c.rows.all()
	front := 0 // how many before the first that isn't settled
	looked := 0
	for i, r := range rows {
		if !r.settled && (ends || r.deadline.passed(r.after(now)) || looked < maxLooked && r.complete(now)) {
			settled = c.close(settled, r)
		}
		if !r.settled {
			looked++
		} else if front == i {
			front++
		}
	}
	if front > 0 {
		c.rows.drop(front)
		c.dropped = true
		c.retracted.forget(c.highest + 1 - uint32(len(rows)-front)) //nolint:gosec // as many as have sequences
	}
	return settled
}

// maxLooked is of how many rows in flight it is found out at a time whether they are
// complete. The others settle when their time is over.
const maxLooked = 64

// complete reports whether everybody to whom the row was due has read it, and a while ago.
func (r *remoteRow) complete(now instant) bool {
	if !r.heard.Load() || time.Duration(r.deadline.word.Load())-r.after(now) > r.settle-grace {
		return false
	}
	b := r.balance(r.received.count(), r.joined.count())
	return b.missing == 0 && b.open == 0
}

// close settles a row and appends what became of it.
func (c *account) close(settled []Settled, r *remoteRow) []Settled {
	r.settled = true
	b := r.balance(r.received.close(), r.joined.close())
	read := b.received+b.joined+r.late.Load() > 0
	if c.foreign || !read && c.retracted.has(r.sequence) {
		return settled
	}
	if !read && c.retracted.uncertain(r.sequence) {
		b.indeterminate += b.missing + b.cut
		b.missing, b.cut = 0, 0
	}
	s := Settled{
		Origin: c.origin, Sequence: r.sequence, Sent: r.sentAt(),
		Received: b.received, Lost: b.missing + b.cut, Cut: b.cut, Indeterminate: b.indeterminate + b.open + b.joined,
		Open: b.open, Missed: b.missed, Late: r.late.Load(), Duplicated: r.duplicated.Load(), Reordered: r.reordered.Load(),
		Reached: b.received+b.joined > 0,
	}
	s.Expected = s.Received + s.Lost + s.Indeterminate
	if s.Reached {
		s.Fanout = Fanout{First: time.Duration(r.first.Load()), Last: time.Duration(r.last.Load())}
	}
	if s.Expected+s.Missed+s.Late == 0 {
		return settled // nobody was here for it
	}
	return append(settled, s)
}

// sentAt is the row's intended send time, or about that, if nobody here has read it.
func (r *remoteRow) sentAt() time.Time {
	from := instant(r.from.Load())
	switch {
	case r.sent != 0:
		return time.UnixMicro(r.sent)
	case from != longAgo:
		return time.Unix(0, int64(from))
	default:
		return time.Unix(0, int64(r.known))
	}
}

// remoteBalance is what a row's deliveries have come to.
type remoteBalance struct {
	received, missing, cut, indeterminate int64
	open                                  int64 // not read, and nobody knows whether they were due
	joined                                int64 // read, and not due
	missed                                int64
}

// balance adds up the row's deliveries, of which so many were received and joined by
// listeners of which that was known when they read it. The audience's lock is held.
func (r *remoteRow) balance(received, joined int64) remoteBalance {
	p := r.presenceThen()
	since, until := r.window()
	b := remoteBalance{received: received, cut: r.cut, indeterminate: r.indeterminate, joined: joined, missed: int64(r.cutOff)}
	due, open := int64(p.before(since)), int64(p.within(since, until))
	for _, d := range p.leftSince(since, r.leftThen) {
		switch {
		case d.left <= until: // perhaps before it was published
			if d.since < since {
				due--
				open++
			}
		case d.since < since && d.left <= until.plus(r.settle):
			b.giveUp(d.how)
		}
		if d.left > until && d.how == Cut {
			b.missed-- // it was still there then
		}
	}
	for _, d := range r.unclear {
		if d.since < since {
			b.giveUp(d.how)
		}
	}
	for _, here := range r.young {
		switch {
		case here < since:
			b.received++
		case here <= until:
			b.received++
			due++
			open--
		default:
			b.joined++
		}
	}
	b.missing = max(0, due-b.received-b.cut-b.indeterminate)
	b.open, b.missed = max(0, open), max(0, b.missed)
	return b
}

// giveUp gives up a delivery that a listener awaited when it left.
func (b *remoteBalance) giveUp(how Departure) {
	if how == Cut {
		b.cut++
	} else {
		b.indeterminate++
	}
}

// presenceThen is when those were here to whom the row was due.
func (r *remoteRow) presenceThen() *presence {
	if r.confirmed {
		return &r.account.remotes.confirmed
	}
	return &r.account.remotes.ready
}
