package ledger

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// remoteRow is what is known of one broadcast of another process.
//
// What every delivery reads comes first and what it writes last, as in broadcast.
type remoteRow struct {
	account   *account
	sequence  uint32
	confirmed bool    // it is due to confirmed listeners
	known     instant // when it was found to have been published
	settle    time.Duration
	heard     atomic.Bool
	// When it was published: by the publisher's clock, and by this host's as far as
	// causality tells.
	from, to       atomic.Int64
	floor, ceiling atomic.Int64

	// Under the audience's lock:
	settled  bool
	sent     int64 // the stamp's send time in µs since the Unix epoch; zero while nobody has read it
	leftThen int   // how many listeners had left when it became known
	cutOff   int   // how many were cut off then
	// What leaving listeners to whom it was due had yet to read, by how they left; and those
	// of whom that isn't known yet.
	indeterminate, cut int64
	unclear            []departure
	// young are those who read it and of whom it wasn't known whether it was due to them:
	// since when they were there.
	young []instant

	deadline         deadline     // from known on
	first, last      atomic.Int64 // shortest and longest delay of a first copy, in ns
	received, joined tally
	late             atomic.Int64
	duplicated       atomic.Int64
	reordered        atomic.Int64
}

// window returns between which times of this host's clock the broadcast was published.
func (r *remoteRow) window() (since, until instant) {
	since, until = r.account.clock.here(instant(r.from.Load()), instant(r.to.Load()))
	since = max(since, instant(r.floor.Load()))
	until = min(until, instant(r.ceiling.Load()))
	return min(since, until), until
}

// deliver enters that a member has read a first copy.
func (r *remoteRow) deliver(m *Member, d *Delivery, at instant) {
	switch {
	case !r.deadline.admit(r.after(at), r.settle), !r.receive(m, d):
		d.Late, d.Reordered = true, false
		r.late.Add(1)
	case d.Reordered:
		r.reordered.Add(1)
	}
}

// after is how long after the row was known something happened.
func (r *remoteRow) after(at instant) time.Duration { return time.Duration(at - r.known) }

// receive counts a first copy that is in time, and reports whether the row was open.
func (r *remoteRow) receive(m *Member, d *Delivery) bool {
	lower(&r.first, int64(d.Delay))
	raise(&r.last, int64(d.Delay))
	since, until := r.window()
	switch here := m.hereSince(r.confirmed); {
	case here < since:
		return r.received.add()
	case here > until:
		return r.joined.add()
	default:
		return r.receiveYoung(here)
	}
}

// receiveYoung is receive of a listener that came about when the broadcast was published.
func (r *remoteRow) receiveYoung(since instant) bool {
	a := r.account.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if !r.settled {
		r.young = append(r.young, since)
	}
	return !r.settled
}

// extend makes the account reach to a sequence that is known, at this time, to have been
// published. It reports whether there is room for so many rows.
func (c *account) extend(to uint32, at instant) bool {
	first := c.highest + 1
	if rows := c.rows.all(); len(rows) > 0 {
		first = rows[0].sequence
	}
	c.broken = c.broken || !c.hasRoom(first, to)
	for c.highest < to && !c.broken {
		c.highest++
		c.rows.add(c.newRow(c.highest, at, c.floor, c.from))
	}
	return !c.broken
}

// hasRoom reports whether there may be rows from a sequence to another.
func (c *account) hasRoom(first, to uint32) bool {
	most := int64(maxRows)
	if !c.vouched {
		most = maxStrangerRows
	}
	return int64(to)-int64(first) < most
}

// How many rows an account may have, of some three hundred bytes each. A thousand
// broadcasts a second of which each settles in five seconds are five thousand.
const (
	maxRows         = 1 << 15
	maxStrangerRows = 1 << 13
)

// prepend makes the account begin with a sequence before its start.
func (c *account) prepend(first uint32, at instant) {
	rows := make([]*remoteRow, 0, c.start-first)
	for sequence := first; sequence < c.start; sequence++ {
		rows = append(rows, c.newRow(sequence, at, longAgo, longAgo))
	}
	until := farAhead
	if next := c.rows.find(c.start); next != nil {
		at, until = min(at, instant(next.ceiling.Load())), instant(next.to.Load())
	}
	c.rows.prepend(rows)
	c.order(at, c.start-1, longAgo, until)
}

// newRow returns the row of a sequence that was published no earlier than floor, or than
// from by the publisher's clock.
func (c *account) newRow(sequence uint32, at, floor, from instant) *remoteRow {
	r := &remoteRow{
		account: c, sequence: sequence, confirmed: c.confirmed, known: at, settle: c.settle,
		leftThen: c.presence().leftSoFar(), cutOff: c.audience.cutOff,
	}
	for _, o := range c.openings {
		if o.first <= sequence {
			floor, from = max(floor, o.floor), max(from, o.from)
		}
	}
	r.from.Store(int64(from))
	r.to.Store(int64(farAhead))
	r.floor.Store(int64(floor))
	r.ceiling.Store(int64(at))
	r.first.Store(math.MaxInt64)
	r.last.Store(math.MinInt64)
	r.deadline.set(c.unheardSettle())
	return r
}

// unheardSettle is how long a broadcast that nobody here has read has after it is known to
// have been published. The publisher may yet say that it wasn't.
func (c *account) unheardSettle() time.Duration { return max(c.settle, minUnheardSettle) }

// minUnheardSettle is longer than a publisher waits until it tells what it has retracted.
const minUnheardSettle = 3 * time.Second

// order makes known that a sequence was published between two times of the publisher's
// clock, and before a time of this host's. Those before it were published no later, and
// those after it no earlier.
func (c *account) order(at instant, sequence uint32, from, until instant) {
	rows := c.rows.all()
	if len(rows) == 0 {
		return
	}
	place := int(int64(sequence) - int64(rows[0].sequence))
	for i := min(place, len(rows)-1); i >= 0; i-- {
		r := rows[i]
		if instant(r.ceiling.Load()) <= at && instant(r.to.Load()) <= until {
			break
		}
		lower(&r.ceiling, int64(at))
		lower(&r.to, int64(until))
	}
	if place >= 0 && place < len(rows) {
		c.orderAfter(rows[place:], from)
	}
}

// orderAfter is order for those after the first of the rows.
func (c *account) orderAfter(rows []*remoteRow, from instant) {
	raise(&rows[0].from, int64(from))
	floor, from := instant(rows[0].floor.Load()), instant(rows[0].from.Load())
	for _, r := range rows[1:] {
		if instant(r.floor.Load()) >= floor && instant(r.from.Load()) >= from {
			return
		}
		raise(&r.floor, int64(floor))
		raise(&r.from, int64(from))
	}
	c.floor, c.from = max(c.floor, floor), max(c.from, from)
}

// raiseFloors makes known that the rows from a sequence on were published no earlier than
// floor, or than from by the publisher's clock.
func (c *account) raiseFloors(first uint32, floor, from instant) {
	for _, r := range c.rows.all() {
		if r.sequence >= first {
			raise(&r.floor, int64(floor))
			raise(&r.from, int64(from))
		}
	}
}

// read notes that a row has been read for the first time.
func (c *account) read(r *remoteRow, s stamp.Stamp, at instant) {
	r.sent, r.settle = s.Sent.UnixMicro(), c.settle
	raise(&r.floor, int64(at.plus(-c.settle)))
	from, until := published(s)
	c.order(at, r.sequence, from, until)
	// From now on silence settles it. If it has settled already, it stays so.
	r.deadline.word.CompareAndSwap(r.deadline.word.Load(), int64(max(0, r.after(at))+r.settle))
	r.heard.Store(true)
}

// leaveRemotes notes that a listener has left, and gives up what it had yet to read of
// other processes' broadcasts. The audience's lock is held.
func (a *Audience) leaveRemotes(m *Member, how Departure) {
	now, remotes := instantOf(time.Now()), a.openRemotes()
	remotes.ready.leave(m.readyAt, now, how)
	if m.confirmed.set {
		remotes.confirmed.leave(m.confirmedAt, now, how)
	}
	for _, c := range remotes.all() {
		c.leave(m, how, now)
	}
}

// leave gives up what a listener that leaves had yet to read of what is in flight. The
// audience's lock is held.
func (c *account) leave(m *Member, how Departure, at instant) {
	window := m.windowOf(c.origin)
	for _, r := range c.rows.all() {
		if r.settled || window != nil && window.settled(r.sequence) || r.deadline.passed(r.after(at)) {
			continue
		}
		since, until := r.window()
		switch here := m.hereSince(r.confirmed); {
		case here < since:
			r.giveUp(how)
		case here <= until:
			r.unclear = append(r.unclear, departure{here, at, how})
		}
	}
}

// giveUp gives up a delivery that a listener awaited when it left.
func (r *remoteRow) giveUp(how Departure) {
	if how == Cut {
		r.cut++
	} else {
		r.indeterminate++
	}
}
