package ledger

import (
	"sort"
	"time"
)

// instant is a time of this host's system clock, in nanoseconds since the Unix epoch. Time
// that passes between two of another host's is added to them in the same unit.
type instant int64

// The ends of time: the bounds of what isn't known.
const (
	longAgo  instant = -1 << 63
	farAhead instant = 1<<63 - 1
)

func instantOf(t time.Time) instant { return instant(t.UnixNano()) }

// plus is the instant d later. What isn't known stays so.
func (t instant) plus(d time.Duration) instant {
	if t == longAgo || t == farAhead {
		return t
	}
	return t + instant(d)
}

// presence is when listeners came and left. What is older than anybody will ask for is
// only counted. The audience's lock guards it.
type presence struct {
	joins  []instant   // ordered
	leaves []departure // in the order of leaving
	// joined and left count those of which nothing else is kept.
	joined, left int
}

// departure is a listener that left.
type departure struct {
	since, left instant // from when until when it was there
	how         Departure
}

// join notes that a listener has come and returns when, which is never before others that
// came before it.
func (p *presence) join(now instant) instant {
	if n := len(p.joins); n > 0 {
		now = max(now, p.joins[n-1])
	}
	p.joins = append(p.joins, now)
	return now
}

// leave notes that a listener has left.
func (p *presence) leave(since, now instant, how Departure) {
	if n := len(p.leaves); n > 0 {
		now = max(now, p.leaves[n-1].left)
	}
	p.leaves = append(p.leaves, departure{since, now, how})
}

// leftSoFar returns how many listeners have left.
func (p *presence) leftSoFar() int { return p.left + len(p.leaves) }

// before returns how many listeners had come before t, and not left before it.
func (p *presence) before(t instant) int {
	return p.joined + p.joinsBefore(t) - p.left - p.leavesBefore(t)
}

// within returns how many listeners came between the two times, both included.
func (p *presence) within(from, to instant) int {
	return sort.Search(len(p.joins), func(i int) bool { return p.joins[i] > to }) - p.joinsBefore(from)
}

func (p *presence) joinsBefore(t instant) int {
	return sort.Search(len(p.joins), func(i int) bool { return p.joins[i] >= t })
}

func (p *presence) leavesBefore(t instant) int {
	return sort.Search(len(p.leaves), func(i int) bool { return p.leaves[i].left >= t })
}

// leftSince returns those of the first so many that left who left at t or later.
func (p *presence) leftSince(t instant, first int) []departure {
	from := p.leavesBefore(t)
	return p.leaves[from:max(from, first-p.left)]
}

// forget keeps only the number of those who came or left before t.
func (p *presence) forget(t instant) {
	n := p.joinsBefore(t)
	p.joined, p.joins = p.joined+n, p.joins[n:]
	n = p.leavesBefore(t)
	p.left, p.leaves = p.left+n, p.leaves[n:]
}
