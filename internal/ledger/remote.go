// What counts as lost, of one broadcast of another process and one listener of this one.
//
// Another process's broadcasts are accounted for as this process's own are (see loss.go),
// but for what this process can't see: when a broadcast was published, and how many there
// are. Sequences are dense, so each that nobody here has read is a broadcast all the same.
//
// Published: when the publisher gave out the stamp, and counted its own listeners. Of that
// time this process knows a window, by its own clock. It begins no earlier than
//
//   - this process answered the roll that led to the opening of the series: the publisher
//     had the answer before it published anything (causality, no clocks),
//   - the stamp's time on the publisher's clock, less what the two clocks can differ by,
//   - settle before the first copy came here, because a broadcast that nobody has heard
//     for so long is settled, and lost to everybody.
//
// And it ends no later than
//
//   - anybody here had read it, or a later broadcast, or a closing that covers it
//     (causality),
//   - the stamp's time on the publisher's clock, and what the two clocks can differ by.
//
// A broadcast was published before those with higher sequences, so it shares their bounds.
//
// A delivery is due if the listener was ready before the window (or had heard something
// before it, where the opening says that this is required), and left after it. It isn't
// due if the listener became ready after the window, or left before it. Else it is open: it
// may have been due, and nobody can tell. Open deliveries count as received if the listener
// has read them, else as indeterminate. So what was lost lies between Lost and Lost + Open.
//
// In flight: from the window's end until settle has passed since the last first copy here.
// Of a broadcast that nobody here has read, settle begins when it is known to have been
// published: a later one was read, or a closing covers it.
//
// Everything else is as in loss.go: received, cut, indeterminate, late, joining.
//
// Retraction: a broadcast that nobody here has read and that a closing calls retracted is
// no broadcast. Where a closing couldn't list all that were, what nobody here has read is
// indeterminate.
//
// The tail: broadcasts that are only promised, by the end in a stamp, aren't due yet. If
// the account ends before it is known what became of them, or its publisher has been silent for
// so long in the midst of a series that it is gone, it is unclosed: its losses are at least
// those it tells of. So is an account
//
//   - of a series without a planned end whose closing wasn't heard,
//   - that began in the midst of a series whose first broadcasts may have been due here,
//   - of an origin for which there is no room, or that has too many broadcasts in flight.
//
// A process of a distributed test whose listeners heard of no broadcasts at all can't know
// either, and counts as one unclosed account.

package ledger

import (
	"maps"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// remotes are the accounts that an audience keeps of other processes' broadcasts, and what
// it has to know for them.
type remotes struct {
	accounts atomic.Pointer[map[uint32]*account] // by origin; the map never changes
	controls atomic.Pointer[map[string]struct{}] // tokens that were read; the map never changes
	vouched  atomic.Int32                        // how many of the accounts an opening or closing vouches for

	// Under the audience's lock:
	ready, confirmed presence
	refused          bool // an account, because there was no room for it
}

// openRemotes returns the audience's accounts of other processes' broadcasts. The lock is
// held.
func (a *Audience) openRemotes() *remotes {
	r := a.remotes.Load()
	if r == nil {
		r = new(remotes)
		a.remotes.Store(r)
	}
	return r
}

// all returns the accounts by their origins.
func (r *remotes) all() map[uint32]*account {
	if accounts := r.accounts.Load(); accounts != nil {
		return *accounts
	}
	return nil
}

// account is what one process's broadcasts to an audience came to here. Where nothing else
// is said, the audience's lock guards it.
type account struct {
	audience *Audience
	remotes  *remotes
	origin   uint32
	rows     rowIndex // looking one up takes no lock
	clock    remoteClock
	settle   time.Duration

	begun     bool
	headless  bool   // earlier broadcasts than the first known may have been due
	foreign   bool   // another run's
	broken    bool   // there were too many rows, so that nothing more is accounted for
	vouched   bool   // a token of this run names it
	confirmed bool   // broadcasts are due to confirmed listeners
	start     uint32 // sequence of the first row that there was
	highest   uint32 // of the latest that is known to have been published
	dropped   bool   // rows have been dropped
	// What comes after highest was published no earlier than floor, or than from by the
	// publisher's clock.
	floor, from instant

	// end is the highest sequence that is promised, as asOf said; zero if that is unknown.
	end, asOf uint32
	openings  []openingFloor
	// opened and ended are the latest series that an opening or a last closing told of.
	opened, ended uint32
	planned       int64 // how many broadcasts the openings told of
	// endless is the latest of which not even the publisher knew how long it would be.
	endless   uint32
	retracted retracted
	// reported: its being unclosed was, and nothing has come since.
	reported  bool
	publisher publisher
}

// maxStrangers bounds the accounts that nothing vouches for, because anybody can send
// stamps of ever new origins, and maxVouched the others.
const (
	maxStrangers = 16
	maxVouched   = 4096
)

// defaultSettle is that of broadcast(), and holds until an opening or closing tells.
const defaultSettle = 5 * time.Second

// remote returns the account of an origin, nil if there is none.
func (a *Audience) remote(origin uint32) *account {
	if remotes := a.remotes.Load(); remotes != nil {
		return remotes.all()[origin]
	}
	return nil
}

// openAccount returns the account of an origin, a new one if there is room for it. The
// audience's lock is held.
func (a *Audience) openAccount(origin uint32, vouched bool) *account {
	if c := a.remote(origin); c != nil {
		if vouched {
			c.vouch()
		}
		return c
	}
	r := a.openRemotes()
	known := int(r.vouched.Load())
	if vouched && known >= maxVouched || !vouched && len(r.all())-known >= maxStrangers {
		r.refused = true
		return nil
	}
	accounts := maps.Clone(r.all())
	if accounts == nil {
		accounts = make(map[uint32]*account)
	}
	c := &account{audience: a, remotes: r, origin: origin, settle: defaultSettle, floor: longAgo, from: longAgo}
	c.clock.init()
	if vouched {
		c.vouch()
	}
	accounts[origin] = c
	r.accounts.Store(&accounts)
	return c
}

// vouch notes that a token of this run names the account.
func (c *account) vouch() {
	if !c.vouched {
		c.vouched = true
		c.remotes.vouched.Add(1)
	}
}

// deliverRemote enters that a listener has read another process's stamp.
func (a *Audience) deliverRemote(m *Member, s stamp.Stamp, d *Delivery, arrived time.Time) {
	c, at := a.remote(s.Origin), instantOf(arrived)
	var row *remoteRow
	if c != nil {
		row = c.rows.find(s.Sequence)
	}
	switch {
	case d.Late:
	case d.Duplicate:
		if row != nil {
			row.duplicated.Add(1)
		}
	case row == nil || !row.heard.Load():
		if row, d.Late = a.hear(s, at); row != nil {
			row.deliver(m, d, at)
		}
	default:
		row.deliver(m, d, at)
	}
}

// hear notes that somebody has read a broadcast that nobody here had read before, and
// returns its row; nil if it is in no account. Late: its row is settled and gone.
func (a *Audience) hear(s stamp.Stamp, at instant) (row *remoteRow, late bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.openAccount(s.Origin, false)
	if c == nil || c.foreign || c.broken {
		return nil, false
	}
	c.reported = false
	c.publisher.says(at)
	from, _ := published(s)
	c.clock.arrived(from, at)
	// What came before it was published by then, or after this process had answered a roll.
	before := max(at.plus(-c.settle), a.ledger.answers.latest())
	c.begin(s.Sequence, before)
	if s.Sequence < c.start {
		c.beginEarlier(s.Sequence, before, at)
	}
	if !c.extend(s.Sequence, at) {
		return nil, false
	}
	if s.Sequence >= c.asOf {
		c.asOf, c.end = s.Sequence, s.End
	}
	row = c.rows.find(s.Sequence)
	if row == nil {
		return nil, true
	}
	if !row.heard.Load() && !row.deadline.passed(row.after(at)) {
		c.read(row, s, at)
	}
	return row, false
}

// published returns between which times of its clock the publisher gave out a stamp.
func published(s stamp.Stamp) (from, to instant) {
	earliest, latest := s.Published()
	if latest.IsZero() {
		return instantOf(earliest), farAhead
	}
	return instantOf(earliest), instantOf(latest)
}

// begin makes the account begin with a sequence, unless it has begun. The one before was
// published at the given time at the latest.
func (c *account) begin(first uint32, before instant) {
	if c.begun {
		return
	}
	c.begun, c.start, c.highest = true, first, first-1
	c.headless = c.missedBefore(first, before)
}

// missedBefore reports whether broadcasts before the first may have been due here.
func (c *account) missedBefore(first uint32, before instant) bool {
	return first > 1 && c.presence().before(before) > 0
}

// beginEarlier makes the account begin with a lower sequence than it has, as long as
// nothing of it is settled. The one before was published at the given time at the latest.
func (c *account) beginEarlier(first uint32, before, at instant) {
	if first > c.start || first < c.start && (c.dropped || !c.hasRoom(first, c.highest)) {
		return
	}
	if first < c.start {
		c.prepend(first, at)
		c.start = first
	}
	c.headless = c.missedBefore(first, before)
}

// presence is when those were here to whom the origin's broadcasts are due.
func (c *account) presence() *presence {
	if c.confirmed {
		return &c.remotes.confirmed
	}
	return &c.remotes.ready
}
