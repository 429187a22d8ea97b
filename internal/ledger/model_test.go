package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// model is what the ledger should say, kept in the plainest way: it remembers to whom
// each broadcast was due, and everything that anybody heard, and when.
type model struct {
	members  []*modelMember
	series   []*modelSeries
	sent     []*modelBroadcast
	required [2]bool // confirmation, by audience
}

type modelMember struct {
	real     *Member
	audience int
	state    state
	hears    bool
	had      map[stamp.Stamp]bool
	highest  map[uint32]uint32 // by origin
}

type modelSeries struct {
	real                *Series
	audience            int
	canary              bool
	settle              time.Duration
	interrupted, closed bool
	sent                []*modelBroadcast
}

type modelBroadcast struct {
	stamp.Stamp
	series                          *modelSeries
	retracted                       bool
	due                             map[*modelMember]bool
	latest                          time.Time // first copy, or when it was published
	received, indeterminate, joined int64
	duplicated, reordered           int64
}

// The ledger and its model live through the same random events and must say the same of
// every delivery, every series and both audiences.
func TestTheLedgerIsItsModel(t *testing.T) {
	t.Parallel()
	histories := 2000
	if testing.Short() {
		histories = 300
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			h := &history{
				random: rand.New(rand.NewPCG(1, uint64(seed))),
				ledger: New(),
				name:   fmt.Sprintf("seed %d", seed),
			}
			for range 20 + h.random.IntN(300) {
				h.event(t)
			}
			for _, s := range h.series {
				h.close(t, s)
			}
		})
	}
}

type history struct {
	model
	random *rand.Rand
	ledger *Ledger
	name   string
}

func (h *history) audience(i int) *Audience { return h.ledger.Audience([]string{room, "hall"}[i]) }

// event is one event, most often a delivery.
func (h *history) event(t *testing.T) {
	switch n := h.random.IntN(200); {
	case n < 16:
		i := h.random.IntN(2)
		h.members = append(h.members, &modelMember{
			real: h.audience(i).Enter(), audience: i,
			had: make(map[stamp.Stamp]bool), highest: make(map[uint32]uint32),
		})
	case n < 32:
		h.ready()
	case n < 42:
		h.leave()
	case n < 50:
		h.open()
	case n < 74:
		h.publish(1)
	case n < 75:
		h.publish(windowSize - 2 + h.random.IntN(5))
	case n < 82:
		h.retract()
	case n < 84:
		i := h.random.IntN(2)
		h.audience(i).RequireConfirmation()
		h.required[i] = true
	case n < 86:
		h.settle(t)
	case n < 87 && len(h.series) > 0:
		h.close(t, pick(h.random, h.series))
	case n < 96:
		time.Sleep(time.Duration(h.random.IntN(4)) * settle / 2)
	default:
		h.deliver(t)
	}
	h.check(t)
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

func (h *history) ready() {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	m.real.Ready()
	if m.state == connecting {
		m.state = listening
	}
}

func (h *history) leave() {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	m.real.Leave()
	for _, b := range h.sent {
		if m.state == listening && b.due[m] && !m.had[b.Stamp] && !m.tooOld(b.Stamp) && b.inFlight() {
			b.indeterminate++
		}
	}
	m.state = gone
}

func (b *modelBroadcast) inFlight() bool {
	return !b.series.closed && (b.series.settle == 0 || time.Since(b.latest) <= b.series.settle)
}

func (h *history) open() {
	i := h.random.IntN(2)
	s := &modelSeries{audience: i}
	switch h.random.IntN(4) {
	case 0:
		s.canary = true
		s.real = h.audience(i).OpenCanaries()
	case 1:
		s.real = h.audience(i).OpenSeries(0)
	default:
		s.settle = settle
		s.real = h.audience(i).OpenSeries(settle)
	}
	h.series = append(h.series, s)
}

func (h *history) publish(n int) {
	if len(h.series) == 0 {
		return
	}
	s := pick(h.random, h.series)
	if s.closed {
		return
	}
	for range n {
		lateness := time.Duration(h.random.IntN(3)) * settle
		b := &modelBroadcast{
			Stamp: s.real.Publish(time.Now().Add(-lateness)), series: s,
			due: make(map[*modelMember]bool), latest: time.Now(),
		}
		for _, m := range h.members {
			confirmed := m.hears || !h.required[s.audience] || s.canary
			if m.audience == s.audience && m.state == listening && confirmed {
				b.due[m] = true
			}
		}
		h.sent, s.sent = append(h.sent, b), append(s.sent, b)
	}
}

func (h *history) retract() {
	if len(h.sent) > 0 {
		b := h.recent()
		b.series.real.Retract(b.Stamp)
		b.retracted = b.received+b.joined == 0
	}
}

func (h *history) deliver(t *testing.T) {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	if m.state == gone {
		return
	}
	if len(h.sent) == 0 || h.random.IntN(20) == 0 {
		s := stamp.Stamp{Origin: h.audience(0).origin + 1 + h.random.Uint32N(3), Sequence: 1 + h.random.Uint32N(40)}
		h.heard(t, m, s, m.accept(s))
		return
	}
	b := h.recent()
	overtaken := m.hasLater(b)
	want := m.accept(b.Stamp)
	want.Canary = b.Canary
	switch {
	case b.series.audience != m.audience:
		want.Stray = true
	case want.Late:
	case b.series.closed:
		want.Late = !want.Duplicate && !b.Canary
	case want.Duplicate:
		b.duplicated++
	default:
		want.Reordered = overtaken
		b.read(m, overtaken)
	}
	h.heard(t, m, b.Stamp, want)
}

// read counts a first copy.
func (b *modelBroadcast) read(m *modelMember, overtaken bool) {
	b.retracted = false // it was sent all the same
	b.latest = time.Now()
	if b.due[m] {
		b.received++
	} else {
		b.joined++
	}
	if overtaken {
		b.reordered++
	}
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

// recent is mostly one of the latest broadcasts.
func (h *history) recent() *modelBroadcast {
	if h.random.IntN(4) == 0 {
		return pick(h.random, h.sent)
	}
	return h.sent[len(h.sent)-1-h.random.IntN(min(3, len(h.sent)))]
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

func (h *history) heard(t *testing.T, m *modelMember, s stamp.Stamp, want Outcome) {
	if got := h.ledger.Deliver(m.real, s, time.Now()).Outcome; got != want {
		t.Fatalf("%s: %+v instead of %+v", h.name, got, want)
	}
}

// settle waits for a series, which nothing happens to meanwhile, in one of two cases until
// the test ends.
func (h *history) settle(t *testing.T) {
	if len(h.series) == 0 {
		return
	}
	s := pick(h.random, h.series)
	if s.closed {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	want := s.settle
	if s.outstanding() == 0 {
		want = min(want, duplicateGrace)
	}
	if h.random.IntN(2) == 0 {
		cancel()
		s.interrupted = s.interrupted || s.outstanding() > 0 && s.settle > 0
		want = 0
	}
	began := time.Now()
	s.real.Settle(ctx)
	require.Equal(t, want, time.Since(began), h.name)
}

func (h *history) close(t *testing.T, s *modelSeries) {
	if s.closed {
		return
	}
	var want counts
	for _, b := range s.sent {
		if b.retracted {
			continue
		}
		want.sent++
		want.expected += int64(len(b.due)) + b.joined
		want.received += b.received
		want.indeterminate += b.indeterminate + b.joined
		want.duplicated += b.duplicated
		want.reordered += b.reordered
	}
	if s.interrupted {
		want.indeterminate += s.outstanding()
	} else {
		want.lost = s.outstanding()
	}
	require.Equal(t, s.outstanding() == 0, s.real.complete(), h.name)
	s.closed = true
	result := s.real.Close()
	require.Equal(t, want, countsOf(&result), h.name)
	require.GreaterOrEqual(t, want.lost, int64(0), h.name)
	require.Equal(t, want.expected, want.received+want.lost+want.indeterminate, h.name)
}

func (s *modelSeries) outstanding() (n int64) {
	for _, b := range s.sent {
		if !b.retracted {
			n += int64(len(b.due)) - b.received - b.indeterminate
		}
	}
	return n
}

// check compares how the audiences stand.
func (h *history) check(t *testing.T) {
	var want [2]Count
	var past [2]int
	for _, m := range h.members {
		c := &want[m.audience]
		switch {
		case m.state == connecting:
			c.Connecting++
		case m.state == gone:
			past[m.audience]++
		case m.hears:
			c.Confirmed++
			fallthrough
		default:
			c.Ready++
		}
	}
	for i := range want {
		got, _ := h.audience(i).Watch()
		if got.Failed+got.Left != past[i] {
			t.Fatalf("%s: %d are gone of %+v", h.name, past[i], got)
		}
		got.Failed, got.Left = 0, 0
		if got != want[i] {
			t.Fatalf("%s: %+v instead of %+v", h.name, got, want[i])
		}
	}
}
