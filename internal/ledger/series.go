package ledger

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Series is a number of broadcasts to one audience, and what becomes of their
// deliveries. Publish, Sent, Retract, Settle and Close are called from one goroutine, and
// TakeSettled from any until Close is.
type Series struct {
	audience *Audience
	planned  int
	settle   time.Duration
	number   uint32 // among the audience's series, from 1
	first    uint32 // the lowest sequence that its broadcasts can have
	delays   *histogram.Histogram
	// firsts, copies and late count the deliveries so far: first copies, further ones, and
	// first copies that came too late.
	firsts, copies, late atomic.Int64

	// Under the audience's lock:
	sequences sequenceSet  // of all its broadcasts
	began     mark         // the first of them
	beganAt   time.Time    // when that was published
	open      []*broadcast // those not closed, in the order of their sequences
	sum       Result       // of those closed
	promised  int          // how many are still to be published, as planned
	closings  uint32       // how many were made
	// pending are those of which anything may be outstanding, in the same order. The
	// retracted are not among them, so that it costs nothing how many these are.
	pending   []*broadcast
	retracted int
	leavers   []leaver // since the first of those now retracted
}

// broadcast is one of a series.
//
// What every delivery reads comes first and what it writes last, because processors that
// write to a cache line take it from those that read it. So settle is here, and not
// looked up in the series, which counts deliveries too.
type broadcast struct {
	series   *Series
	to       *Member // the only one that it is meant for; nil for the whole audience
	sequence uint32
	// requireConfirmed: the audience required confirmation when it was published.
	requireConfirmed bool
	settle           time.Duration
	published        time.Time // when it was stamped
	sent             int64     // the stamp's send time, in µs since the Unix epoch
	retracted        atomic.Bool

	expected int
	missed   int // how many listeners were cut off when it was published
	// Under the audience's lock:
	indeterminate, cut int  // what leaving listeners had yet to read, by how they left
	interrupted        bool // Settle was interrupted before it was settled
	attempted          bool // its publisher knows whether it could be sent
	closed             bool // what became of it is told
	leftBefore         int  // how many leavers were noted when it was retracted

	deadline              deadline
	first, last           atomic.Int64 // shortest and longest delay of a first copy, in ns
	received, joined      tally
	late                  atomic.Int64
	duplicated, reordered atomic.Int64
}

// OpenSeries begins a series of so many broadcasts; those that Publish isn't called for
// are unsent. settle is how long no first copy of a broadcast may come before the
// broadcast is settled: what is outstanding then is lost. Where it is zero, no broadcast
// is settled before the series is closed, and Settle doesn't wait.
func (a *Audience) OpenSeries(planned int, settle time.Duration) *Series {
	s := &Series{audience: a, planned: planned, settle: settle, promised: min(planned, math.MaxUint32), delays: histogram.New()}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.series = append(a.series, s)
	a.play().open++
	a.playing.fulfilled = false
	a.promised += s.promised
	a.announce().series++
	s.number, s.first = a.announced.series, a.latest.Load()+1
	return s
}

// breakPromise notes that n of the planned broadcasts are published, or won't be. The
// audience's lock is held.
func (s *Series) breakPromise(n int) {
	n = min(n, s.promised)
	s.promised -= n
	s.audience.promised -= n
}

// end returns the highest sequence that has been promised. The lock is held.
func (a *Audience) end() uint32 {
	return uint32(min(int64(a.latest.Load())+int64(a.promised), math.MaxUint32)) //nolint:gosec // not negative
}

// Publish returns the stamp of the next broadcast, just before that is sent. It is due
// to the listeners of this moment.
func (s *Series) Publish(intended time.Time) stamp.Stamp { return s.publish(nil, intended) }

// PublishTo is Publish of a broadcast that is meant for one member of the audience only.
func (s *Series) PublishTo(m *Member, intended time.Time) stamp.Stamp { return s.publish(m, intended) }

func (s *Series) publish(to *Member, intended time.Time) stamp.Stamp {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	published := time.Now()
	sent := a.ledger.clock.date(intended).Truncate(time.Microsecond)
	b := &broadcast{
		series: s, to: to, sequence: a.latest.Load() + 1, settle: s.settle,
		requireConfirmed: a.requireConfirmed(), published: published, sent: sent.UnixMicro(),
	}
	b.expected, b.missed = a.addressees(b)
	b.deadline.set(s.settle)
	b.first.Store(math.MaxInt64)
	b.last.Store(math.MinInt64)
	s.dropDone(b.published)
	if !s.began.set {
		s.began, s.beganAt = mark{set: true, sequence: b.sequence}, published
	}
	s.sequences.add(b.sequence)
	s.open = append(s.open, b)
	s.pending = append(s.pending, b)
	a.inFlight.add(b)
	a.latest.Store(b.sequence)
	s.breakPromise(1)
	a.announced.latestPublished = a.ledger.clock.date(published)
	if to != nil { // to other processes' listeners it is due as little as what could not be sent
		a.announced.retracted.add(b.sequence)
	}
	return stamp.Stamp{
		Origin: a.origin, Sequence: b.sequence, Sent: sent, End: a.end(), Late: stamp.Lateness(a.ledger.clock.date(published).Sub(sent)),
	}
}

// deliver counts a delivery to member m. It is late if the broadcast was settled before it
// arrived, or is closed.
func (b *broadcast) deliver(m *Member, d *Delivery, arrived time.Time) {
	switch {
	case d.Duplicate:
		b.duplicated.Add(1)
		b.series.copies.Add(1)
		return
	case !b.deadline.admit(arrived.Sub(b.published), b.settle):
		b.deliverLate(d)
	default:
		d.Reordered = d.Reordered && m.hasLater(b)
		if !b.receive(m, d) {
			b.deliverLate(d)
		}
	}
	if b.retracted.Load() {
		b.series.restore(b)
	}
}

// deliverLate counts a first copy that came too late.
func (b *broadcast) deliverLate(d *Delivery) {
	d.Late, d.Reordered = true, false
	b.series.late.Add(1) // first, so that what is told of the broadcast is part of this
	b.late.Add(1)
}

// receive counts a first copy that is in time, and reports whether that was before the
// broadcast was closed.
func (b *broadcast) receive(m *Member, d *Delivery) bool {
	b.series.firsts.Add(1)
	// Before received: a delivery that counts has its delay in the quantiles.
	b.series.delays.Add(d.Delay)
	lower(&b.first, int64(d.Delay))
	raise(&b.last, int64(d.Delay))
	if d.Reordered {
		b.reordered.Add(1)
	}
	if m.isDue(b) {
		return b.received.add()
	}
	return b.joined.add()
}

// reads is how often a broadcast was read for the first time.
type reads struct{ received, joined, late int64 }

// closeCounts ends the counting of first copies.
func (b *broadcast) closeCounts() reads {
	b.deadline.close()
	return reads{received: b.received.close(), joined: b.joined.close(), late: b.late.Load()}
}

// wasRead reports whether any listener has read the broadcast.
func (b *broadcast) wasRead() bool { return b.received.count()+b.joined.count()+b.late.Load() > 0 }

// lower sets v to to if that is less.
func lower(v *atomic.Int64, to int64) {
	for old := v.Load(); to < old && !v.CompareAndSwap(old, to); old = v.Load() {
	}
}

// raise sets v to to if that is more.
func raise(v *atomic.Int64, to int64) {
	for old := v.Load(); to > old && !v.CompareAndSwap(old, to); old = v.Load() {
	}
}
