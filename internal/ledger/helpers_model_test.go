package ledger

import (
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// model is what the ledger should say, kept in the plainest way: it remembers to whom
// each broadcast was due, and everything that anybody heard, and when.
type model struct {
	members  []*modelMember
	series   []*modelSeries
	sent     []*modelBroadcast
	canaries []stamp.Stamp
	plans    []*modelPlan
	required [2]bool  // confirmation, by audience
	past     [2]Count // Failed, FirstFailure, Left and CutOff, by audience
}

type modelPlan struct {
	real           *Plan
	audience, left int
}

type modelMember struct {
	real     *Listener
	audience int
	state    state
	hears    bool
	had      map[stamp.Stamp]bool
	highest  map[uint32]uint32 // by origin
}

type modelSeries struct {
	real     *Series
	audience int
	planned  int
	settle   time.Duration
	closed   bool
	sent     []*modelBroadcast
	told     counts // what became of the broadcasts that are closed
	// late and duplicated are all, also those after that.
	late, duplicated int64
}

type modelBroadcast struct {
	stamp.Stamp
	series                          *modelSeries
	retracted, settled, interrupted bool
	attempted, closed, forgotten    bool
	to                              *modelMember // nil: everybody
	due                             map[*modelMember]bool
	deadline                        time.Time // settle after the latest first copy in time
	received, indeterminate, joined int64
	cut, missed, late               int64
	duplicated, reordered           int64
}

// settledAt reports whether the deadline has passed. If it has, it stays where it is.
func (b *modelBroadcast) settledAt(at time.Time) bool {
	b.settled = b.settled || b.passed(at)
	return b.passed(at)
}

func (b *modelBroadcast) passed(at time.Time) bool {
	return b.series.settle > 0 && at.After(b.deadline)
}

func (b *modelBroadcast) meant(m *modelMember) bool { return b.to == nil || b.to == m }

// read counts a first copy, and reports whether it is in time.
func (b *modelBroadcast) read(m *modelMember, arrived time.Time, overtaken bool) bool {
	b.retracted = false // it was sent all the same
	if b.settledAt(arrived) {
		b.late++
		b.series.late++
		return false
	}
	if next := arrived.Add(b.series.settle); !b.settled && next.After(b.deadline) {
		b.deadline = next
	}
	if b.due[m] {
		b.received++
	} else {
		b.joined++
	}
	if overtaken {
		b.reordered++
	}
	return true
}

// hasLater reports whether a member had a later broadcast of the same series.
func (m *modelMember) hasLater(b *modelBroadcast) bool {
	for _, later := range b.series.sent {
		if later.Sequence > b.Sequence && m.had[later.Stamp] {
			return true
		}
	}
	return false
}

// tooOld reports whether a stamp is too far below the highest to be told from a copy.
func (m *modelMember) tooOld(s stamp.Stamp) bool { return m.highest[s.Origin] >= s.Sequence+windowSize }

// accept enters a stamp into what a member had.
func (m *modelMember) accept(s stamp.Stamp) Outcome {
	m.hears = true
	if m.tooOld(s) {
		return Outcome{Reordered: true, Late: true}
	}
	o := Outcome{Duplicate: m.had[s]}
	o.Reordered = !o.Duplicate && s.Sequence < m.highest[s.Origin]
	m.had[s] = true
	m.highest[s.Origin] = max(m.highest[s.Origin], s.Sequence)
	return o
}

// settles returns how long Settle takes if nothing happens meanwhile.
func (s *modelSeries) settles(now time.Time) time.Duration {
	if s.complete(now) {
		return min(s.settle, grace)
	}
	var last time.Duration
	for _, b := range s.sent {
		if !b.retracted && !b.closed && b.outstanding() > 0 {
			last = max(last, b.deadline.Sub(now))
		}
	}
	tick := (last/settleTick + 1) * settleTick
	switch {
	case tick >= s.settle:
		return s.settle
	case tick < grace:
		return tick + grace
	default:
		return tick
	}
}

// complete reports whether all is done. It looks no further than to the first that isn't.
func (s *modelSeries) complete(now time.Time) bool {
	for _, b := range s.sent {
		if !b.retracted && !b.closed && b.outstanding() > 0 && !b.settledAt(now) {
			return false
		}
	}
	return true
}

// account adds what became of a broadcast.
func (b *modelBroadcast) account(to *counts) {
	if b.retracted {
		to.unsent++
		return
	}
	if len(b.due) == 0 && b.joined+b.late == 0 {
		to.unheard++
	}
	to.sent++
	to.expected += int64(len(b.due)) + b.joined
	to.received += b.received
	to.indeterminate += b.indeterminate + b.joined
	to.duplicated += b.duplicated
	to.reordered += b.reordered
	to.lost += b.cut
	to.cut += b.cut
	to.missed += b.missed
	to.late += b.late
	if b.interrupted {
		to.indeterminate += b.outstanding()
	} else {
		to.lost += b.outstanding()
	}
}

func (b *modelBroadcast) wasRead() bool { return b.received+b.joined+b.late > 0 }

func (b *modelBroadcast) isFinal(now time.Time) bool {
	switch {
	case !b.attempted && !b.wasRead():
		return false
	case b.settledAt(now.Add(-grace)):
		return true
	case b.retracted, b.series.settle == 0, b.outstanding() > 0:
		return false
	default:
		return now.Sub(b.deadline.Add(-b.series.settle)) >= grace
	}
}

func (b *modelBroadcast) outstanding() int64 {
	return int64(len(b.due)) - b.received - b.indeterminate - b.cut
}
