package ledger

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Series is a number of broadcasts to one audience, and what becomes of their
// deliveries. Publish, Retract, Settle and Close are called from one goroutine.
type Series struct {
	audience *Audience
	canary   bool
	settle   time.Duration
	delays   *histogram.Histogram
	// firsts and copies count the deliveries so far: first copies, and further ones.
	firsts, copies atomic.Int64
	interrupted    bool // the context of Settle ended while deliveries were outstanding

	// Under the audience's lock:
	broadcasts []*broadcast // all, in the order of their sequences
	// pending are those of which anything may be outstanding, in the same order. The
	// retracted are not among them, so that it costs nothing how many these are.
	pending    []*broadcast
	retracted  int
	departures []departure // since the first of those now retracted
}

// broadcast is one of a series.
type broadcast struct {
	series   *Series
	sequence uint32
	// requireConfirmed: the audience required confirmation when it was published.
	requireConfirmed bool
	expected         int
	indeterminate    int // under the audience's lock
	retracted        atomic.Bool
	departed         int // how many departures were noted when it was retracted
	// published is when it was stamped, intended when that was meant to be.
	published, intended time.Time

	received, joined      atomic.Int64
	duplicated, reordered atomic.Int64
	first, last           atomic.Int64 // shortest and longest delay of a first copy, in ns
}

// OpenSeries begins a series of broadcasts. settle is how long no first copy may come
// before those outstanding are lost: Settle waits that long, and a listener that leaves
// after that has lost them too. Where it is zero, Settle doesn't wait, and whatever a
// leaving listener has yet to read is indeterminate.
func (a *Audience) OpenSeries(settle time.Duration) *Series {
	return a.open(&Series{settle: settle})
}

// OpenCanaries begins a series of canaries. They are accounted for like broadcasts, but
// are stamped as none.
func (a *Audience) OpenCanaries() *Series { return a.open(&Series{canary: true}) }

func (a *Audience) open(s *Series) *Series {
	s.audience, s.delays = a, histogram.New()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.series[s] = struct{}{}
	return s
}

// Publish returns the stamp of the next broadcast, just before that is sent. It is due
// to the listeners of this moment.
func (s *Series) Publish(intended time.Time) stamp.Stamp {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sequence++
	b := &broadcast{
		series: s, sequence: a.sequence,
		requireConfirmed: a.requireConfirmed && !s.canary, expected: a.count.Ready,
		published: time.Now(), intended: intended,
	}
	if b.requireConfirmed {
		b.expected = a.count.Confirmed
	}
	b.first.Store(math.MaxInt64)
	b.last.Store(math.MinInt64)
	s.dropSettled()
	s.broadcasts = append(s.broadcasts, b)
	s.pending = append(s.pending, b)
	a.inFlight.add(b)
	return stamp.Stamp{
		Origin: a.origin, Sequence: b.sequence,
		Sent: intended.Truncate(time.Microsecond), Canary: s.canary,
	}
}

// deliver counts a delivery to member m.
func (b *broadcast) deliver(m *Member, d Delivery) {
	if d.Duplicate {
		b.duplicated.Add(1)
		b.series.copies.Add(1)
		return
	}
	b.series.firsts.Add(1)
	// Before received: a delivery that Close counts has its delay in the quantiles.
	b.series.delays.Add(d.Delay)
	lower(&b.first, int64(d.Delay))
	raise(&b.last, int64(d.Delay))
	if d.Reordered {
		b.reordered.Add(1)
	}
	if m.isDue(b) {
		b.received.Add(1)
	} else {
		b.joined.Add(1)
	}
	if b.retracted.Load() {
		b.series.restore(b)
	}
}

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
