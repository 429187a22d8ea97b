package ledger

import (
	"context"
	"errors"
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

// The ledger and its model live through the same random events and must say the same of
// every delivery, every series and both audiences.
func TestTheLedgerIsItsModel(t *testing.T) {
	t.Parallel()
	histories := 3000
	if testing.Short() {
		histories = 300
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			h := &history{
				random: rand.New(rand.NewPCG(1, uint64(seed))),
				ledger: New(),
				name:   fmt.Sprintf("seed %d", seed),
				began:  time.Now(),
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
	began  time.Time
}

func (h *history) audience(i int) *Audience { return h.ledger.Audience([]Name{room, hall}[i]) }

func (h *history) roster(i int) *Roster { return h.ledger.Roster(h.audience(i).Name().Key) }

// event is one event, most often a delivery.
func (h *history) event(t *testing.T) {
	switch n := h.random.IntN(230); {
	case n < 16:
		h.enter()
	case n < 32:
		h.ready()
	case n < 42:
		h.leave()
	case n < 43:
		h.plan()
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
	case n < 104:
		h.takeSettled(t)
	case n < 112 && len(h.sent) > 0:
		b := h.recent()
		b.series.real.Sent(b.Stamp)
		b.attempted = b.attempted || !b.series.closed
	case n < 113 && len(h.series) > 0:
		h.close(t, pick(h.random, h.series))
	case n < 114:
		i := h.random.IntN(2)
		reduced := h.random.IntN(3)
		h.audience(i).reduceCutOff(reduced)
		h.roster(i).reduceCutOff(reduced)
		h.past[i].CutOff = max(0, h.past[i].CutOff-reduced)
	case n < 126:
		time.Sleep(time.Duration(h.random.IntN(8)) * settle / 4)
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
	m.real.Ready(nil)
	if m.state == connecting {
		m.state = listening
	}
}

func (h *history) leave() {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	past := &h.past[m.audience]
	how := []Departure{Local, Cut}[h.random.IntN(2)]
	switch n := h.random.IntN(4); {
	case n == 0 && m.state == connecting:
		m.real.Fail(errPipe)
		h.failed(m, errPipe)
	case n == 1 && m.state == connecting:
		m.real.Fail(nil)
	case n == 2 && m.state == connecting:
		m.real.Leave(how)
		if how == Cut {
			h.failed(m, errCut)
		}
	default:
		m.real.Fail(nil) // which does nothing to a listener that was ready
		m.real.Leave(how)
		if m.state == listening {
			past.Left++
			if how == Cut {
				past.CutOff++
			}
			h.giveUp(m, how)
		}
	}
	if m.state == listening && how == Cut {
		m.state = cutOff
	} else if m.state != cutOff {
		m.state = gone
	}
}

var errPipe = errors.New("broken pipe")

func (h *history) failed(m *modelMember, err error) {
	past := &h.past[m.audience]
	past.Failed++
	if past.FirstFailure == nil {
		past.FirstFailure = err
	}
}

// giveUp gives up what a listener that leaves had yet to read.
func (h *history) giveUp(m *modelMember, how Departure) {
	for _, b := range h.sent {
		switch {
		case b.series.closed || b.closed || !b.due[m] || m.had[b.Stamp] || m.tooOld(b.Stamp):
		case b.retracted && b.passed(time.Now()) || !b.retracted && b.settledAt(time.Now()):
		case how == Cut:
			b.cut++
		default:
			b.indeterminate++
		}
	}
}

// settledAt reports whether the deadline has passed. If it has, it stays where it is.
func (b *modelBroadcast) settledAt(at time.Time) bool {
	b.settled = b.settled || b.passed(at)
	return b.passed(at)
}

func (b *modelBroadcast) passed(at time.Time) bool {
	return b.series.settle > 0 && at.After(b.deadline)
}

func (h *history) enter() {
	m := &modelMember{audience: h.random.IntN(2), had: make(map[stamp.Stamp]bool), highest: make(map[uint32]uint32)}
	if len(h.plans) > 0 && h.random.IntN(2) == 0 {
		plan := pick(h.random, h.plans)
		m.audience, m.real = plan.audience, plan.real.Enter()
		m.real.Join(h.audience(m.audience))
		plan.left = max(0, plan.left-1)
	} else {
		m.real = enterAs(h.roster(m.audience), h.audience(m.audience))
	}
	h.members = append(h.members, m)
}

// plan makes a plan, or cancels one.
func (h *history) plan() {
	if len(h.plans) > 0 && h.random.IntN(2) == 0 {
		plan := pick(h.random, h.plans)
		plan.real.Cancel()
		plan.left = 0
		return
	}
	plan := &modelPlan{audience: h.random.IntN(2), left: h.random.IntN(5)}
	plan.real = h.roster(plan.audience).Plan(plan.left)
	h.plans = append(h.plans, plan)
}

func (h *history) open() {
	i := h.random.IntN(2)
	s := &modelSeries{audience: i, planned: h.random.IntN(5)}
	switch h.random.IntN(3) {
	case 0:
		s.real = h.audience(i).OpenSeries(s.planned, 0)
	default:
		s.settle = settle
		s.real = h.audience(i).OpenSeries(s.planned, settle)
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
		s.complete(time.Now())
		lateness := time.Duration(h.random.IntN(3)) * settle
		b := &modelBroadcast{
			series: s, to: h.addressee(s),
			due: make(map[*modelMember]bool), deadline: time.Now().Add(s.settle), missed: int64(h.past[s.audience].CutOff),
		}
		if b.to == nil {
			b.Stamp = s.real.Publish(time.Now().Add(-lateness))
		} else {
			b.Stamp = s.real.PublishTo(b.to.real.Member(0), time.Now().Add(-lateness))
			b.missed = map[state]int64{cutOff: 1}[b.to.state]
		}
		for _, m := range h.members {
			confirmed := m.hears || !h.required[s.audience]
			if m.audience == s.audience && m.state == listening && confirmed && b.meant(m) {
				b.due[m] = true
			}
		}
		h.sent, s.sent = append(h.sent, b), append(s.sent, b)
	}
}

// addressee is most often nil, and else a member of the audience of a series.
func (h *history) addressee(s *modelSeries) *modelMember {
	if len(h.members) == 0 || h.random.IntN(4) > 0 {
		return nil
	}
	if m := pick(h.random, h.members); m.audience == s.audience {
		return m
	}
	return nil
}

func (b *modelBroadcast) meant(m *modelMember) bool { return b.to == nil || b.to == m }

func (h *history) retract() {
	if len(h.sent) > 0 {
		b := h.recent()
		b.series.real.Retract(b.Stamp)
		if !b.closed {
			b.attempted, b.retracted = true, !b.wasRead()
		}
	}
}

func (h *history) deliver(t *testing.T) {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	if m.state == gone || m.state == cutOff {
		return
	}
	if h.random.IntN(20) == 0 {
		s := h.forge()
		h.heard(t, m, s, time.Now(), Outcome{Forged: true})
		return
	}
	if h.random.IntN(20) == 0 {
		m.hears = true
		h.heard(t, m, h.canary(), time.Now(), Outcome{Canary: true})
		return
	}
	if len(h.sent) == 0 || h.random.IntN(20) == 0 {
		h.hearRemote(t, m)
		return
	}
	b := h.recent()
	arrived := time.Now().Add(-time.Duration(max(0, h.random.IntN(8)-4)) * settle / 4)
	overtaken := m.hasLater(b)
	want := m.accept(b.Stamp)
	switch {
	case b.series.audience != m.audience, !b.series.closed && !b.forgotten && !b.meant(m):
		want.Stray = true
	case want.Late:
	case b.series.closed:
		want.Late = !want.Duplicate
	case want.Duplicate:
		b.series.duplicated++
		if !b.closed {
			b.duplicated++
		}
	case b.closed:
		want.Late, want.Reordered = true, false
		b.series.late++
	default:
		want.Late = !b.read(m, arrived, overtaken)
		want.Reordered = overtaken && !want.Late
	}
	h.heard(t, m, b.Stamp, arrived, want)
}

// hearRemote has a member read another process's stamp. Which of these are late is
// remotemodel_test.go's to say.
func (h *history) hearRemote(t *testing.T, m *modelMember) {
	t.Helper()
	s := h.remote()
	want := m.accept(s)
	got := h.ledger.Deliver(m.real.Member(0), s, time.Now()).Outcome
	if got.Late {
		want.Late, want.Reordered = !want.Duplicate, got.Reordered
	}
	require.Equal(t, want, got, h.name)
}

// canary is one of this process's canaries, often a new one.
func (h *history) canary() stamp.Stamp {
	if len(h.canaries) == 0 || h.random.IntN(2) == 0 {
		h.canaries = append(h.canaries, h.audience(h.random.IntN(2)).Canary())
	}
	return pick(h.random, h.canaries)
}

// remote is a stamp of another process.
func (h *history) remote() stamp.Stamp {
	return stamp.Stamp{Origin: h.audience(0).origin + 1000 + h.random.Uint32N(3), Sequence: 1 + h.random.Uint32N(40), Sent: h.began}
}

// forge is a stamp that nobody has given out.
func (h *history) forge() stamp.Stamp {
	s := h.remote()
	s.Sent = s.Sent.Add([]time.Duration{-25 * time.Hour, 25 * time.Hour}[h.random.IntN(2)])
	if len(h.sent) == 0 {
		return s
	}
	b := pick(h.random, h.sent)
	switch n := h.random.IntN(4); {
	case n == 0:
		s = b.Stamp
		s.Sequence += uint32(len(h.sent))
	case n == 1:
		s = b.Stamp
		s.Sequence = 0
	case n == 2 && !b.series.closed && !b.forgotten:
		s = b.Stamp
		s.Sent = s.Sent.Add(time.Microsecond)
	case n == 3:
		s = b.Stamp
		s.Canary = true
	}
	return s
}

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

func (h *history) heard(t *testing.T, m *modelMember, s stamp.Stamp, arrived time.Time, want Outcome) {
	t.Helper()
	if got := h.ledger.Deliver(m.real.Member(0), s, arrived).Outcome; got != want {
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
	want := s.settles(time.Now())
	if h.random.IntN(2) == 0 {
		cancel()
		want = 0
	}
	began := time.Now()
	s.real.Settle(ctx)
	require.Equal(t, want, time.Since(began), h.name)
	if ctx.Err() == nil {
		s.complete(began.Add(min(want, s.settle)))
	} else if !s.complete(began) && s.settle > 0 {
		for _, b := range s.sent {
			b.interrupted = b.interrupted || !b.closed && !b.settledAt(began)
		}
	}
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

func (h *history) close(t *testing.T, s *modelSeries) {
	if s.closed {
		return
	}
	var want counts
	for _, b := range s.sent {
		b.account(&want)
	}
	want.unsent = max(s.planned, len(s.sent)) - want.sent
	want.late, want.duplicated = s.late, s.duplicated
	require.Equal(t, s.complete(time.Now()), s.real.complete(), h.name)
	s.closed = true
	result := s.real.Close()
	require.Equal(t, want, countsOf(&result), h.name)
	assertIdentities(t, &result)
	assertTold(t, &result, s.told)
	require.False(t, t.Failed(), h.name)
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

// takeSettled closes what can be closed of a series, and compares what became of it.
func (h *history) takeSettled(t *testing.T) {
	if len(h.series) == 0 {
		return
	}
	s := pick(h.random, h.series)
	if s.closed {
		return
	}
	var want, got counts
	for _, b := range s.sent {
		if !b.closed && b.isFinal(time.Now()) {
			b.closed = true
			b.account(&want)
		}
	}
	taken := s.real.TakeSettled(time.Now())
	got.tell(t, &taken)
	require.Equal(t, want, got, h.name)
	s.told.tell(t, &taken)
	if want != (counts{}) {
		h.forget(s.audience)
	}
	require.False(t, t.Failed(), h.name)
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

// forget forgets the first broadcasts of an audience that are closed, but not the latest.
func (h *history) forget(audience int) {
	latest := h.audience(audience).latest.Load()
	for _, b := range h.sent {
		if b.series.audience != audience {
			continue
		}
		if !b.closed && !b.series.closed || latest-b.Sequence < windowSize {
			return
		}
		b.forgotten = true
	}
}

func (b *modelBroadcast) outstanding() int64 {
	return int64(len(b.due)) - b.received - b.indeterminate - b.cut
}

// check compares how the audiences stand.
func (h *history) check(t *testing.T) {
	want := h.past
	for _, p := range h.plans {
		want[p.audience].Planned += p.left
	}
	for _, m := range h.members {
		c := &want[m.audience]
		switch {
		case m.state == connecting:
			c.Connecting++
		case m.state == gone, m.state == cutOff:
		case m.hears:
			c.Confirmed++
			fallthrough
		default:
			c.Ready++
		}
	}
	for i := range want {
		got, _ := h.roster(i).Watch()
		if got != want[i] {
			t.Fatalf("%s: %+v instead of %+v", h.name, got, want[i])
		}
	}
}
