package ledger

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Series is what becomes of a series of broadcasts to one audience.
type Series struct {
	audience *Audience
	canary   bool
	delays   *histogram.Histogram
	// firsts and copies are the deliveries so far: first copies, and further ones.
	firsts, copies atomic.Int64
	// patience is how long a broadcast is in flight without a first copy; see LoseAfter.
	patience time.Duration
	// interrupted: nobody waited for what hadn't come, so it isn't known to be lost.
	interrupted bool

	// Under the audience's lock:
	broadcasts []*broadcast
	decided    int // how many of the first of them nothing is expected of any more
}

// broadcast is one of them.
type broadcast struct {
	account  *Series
	sequence uint32
	// proven: the audience are those who have heard something, see Audience.Prove.
	proven        bool
	expected      int
	indeterminate int // under the audience's lock
	// retracted: it could not be sent, as far as is known; see Retract.
	retracted atomic.Bool
	// published is when it was, and intended when that was meant to be.
	published, intended time.Time

	received, joined      atomic.Int64
	duplicated, reordered atomic.Int64
	first, last           atomic.Int64 // delays in ns
}

// OpenSeries begins a series of broadcasts; see LoseAfter for settle.
func (a *Audience) OpenSeries(settle time.Duration) *Series {
	s := a.Open(false)
	s.LoseAfter(settle)
	return s
}

// OpenCanaries begins a series of canaries.
func (a *Audience) OpenCanaries() *Series { return a.Open(true) }

// Open begins an account. One for canaries is kept like any other, but what it
// sends are no broadcasts.
func (a *Audience) Open(canary bool) *Series {
	account := &Series{audience: a, canary: canary, delays: histogram.New()}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[account] = struct{}{}
	return account
}

// LoseAfter says how long no first copy of a broadcast may come before it is in flight no
// more: what a listener hasn't had by then it has lost, even if it leaves later on.
// Unless that is said, whatever hasn't been heard by who leaves is indeterminate.
func (account *Series) LoseAfter(patience time.Duration) { account.patience = patience }

// Publish gives the next broadcast its stamp, just before it is sent. Its
// audience is that of this moment.
func (account *Series) Publish(intended time.Time) stamp.Stamp {
	a := account.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sequence++
	b := &broadcast{
		account: account, sequence: a.sequence, proven: a.proving && !account.canary, expected: a.count.Ready,
		published: time.Now(), intended: intended,
	}
	if b.proven {
		b.expected = a.count.Confirmed
	}
	b.first.Store(math.MaxInt64)
	b.last.Store(math.MinInt64)
	account.decide()
	account.broadcasts = append(account.broadcasts, b)
	a.inFlight.add(b)
	return stamp.Stamp{
		Origin: a.origin, Sequence: b.sequence,
		Sent: intended.Truncate(time.Microsecond), Canary: account.canary,
	}
}

// Retract says that a broadcast could not be sent after all, so nobody is expected
// to hear it. If anybody does, before or after, it was sent all the same, whatever
// became of the gateway's answer.
func (account *Series) Retract(s stamp.Stamp) {
	a := account.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range slices.Backward(account.broadcasts) {
		if b.sequence == s.Sequence {
			b.retracted.Store(true)
			if b.received.Load()+b.joined.Load() > 0 {
				b.retracted.Store(false)
			}
			return
		}
	}
}

// deliver enters a delivery to member m.
func (b *broadcast) deliver(m *Member, d Delivery) {
	if d.Duplicate {
		b.duplicated.Add(1)
		b.account.copies.Add(1)
		return
	}
	b.account.firsts.Add(1)
	// What is counted has its delay entered already, whenever the account is closed.
	b.account.delays.Add(d.Delay)
	lower(&b.first, int64(d.Delay))
	raise(&b.last, int64(d.Delay))
	if d.Reordered {
		b.reordered.Add(1)
	}
	if m.expects(b) {
		b.received.Add(1)
	} else {
		b.joined.Add(1)
	}
	if b.retracted.Load() {
		b.retracted.Store(false)
	}
}

// outstanding is how many expected deliveries have neither come nor become
// indeterminate. The audience's lock is held.
func (b *broadcast) outstanding() int64 {
	if b.retracted.Load() {
		return 0
	}
	return int64(b.expected) - int64(b.indeterminate) - b.received.Load()
}

// complete says whether everybody has heard everything.
func (account *Series) complete() bool {
	account.audience.mu.Lock()
	defer account.audience.mu.Unlock()
	return account.decide()
}

// decide goes on to the first broadcast of which something is expected, and says
// whether there is none. The audience's lock is held.
func (account *Series) decide() (all bool) {
	settled := true // all so far, for good
	for _, b := range account.broadcasts[account.decided:] {
		if b.outstanding() > 0 {
			return false
		}
		settled = settled && !b.retracted.Load() // which somebody may hear yet
		if settled {
			account.decided++
		}
	}
	return true
}

// leave makes indeterminate what a listener that goes had yet to hear. The
// audience's lock is held.
func (account *Series) leave(m *Member) {
	now := time.Now()
	for _, b := range account.broadcasts[account.decided:] {
		if m.expects(b) && !m.own.decided(b.sequence) && b.inFlight(now) {
			b.indeterminate++
		}
	}
}

// inFlight says whether first copies of the broadcast may still be expected.
func (b *broadcast) inFlight(now time.Time) bool {
	if b.account.patience == 0 {
		return true
	}
	latest := b.published
	if last := b.last.Load(); last != math.MinInt64 {
		latest = b.intended.Add(time.Duration(last))
	}
	return now.Sub(latest) <= b.account.patience
}

func lower(v *atomic.Int64, to int64) {
	for old := v.Load(); to < old && !v.CompareAndSwap(old, to); old = v.Load() {
	}
}

func raise(v *atomic.Int64, to int64) {
	for old := v.Load(); to > old && !v.CompareAndSwap(old, to); old = v.Load() {
	}
}
