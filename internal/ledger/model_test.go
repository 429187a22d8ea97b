package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// model is what the ledger should say, kept in the plainest way: it remembers
// who was there when a broadcast was sent, and everything that anybody heard.
type model struct {
	members  []*modelMember
	accounts []*modelAccount
	sent     []*modelBroadcast
	proving  [2]bool // by audience
}

type modelMember struct {
	real     *Member
	audience int
	state    state
	hears    bool
	had      map[stamp.Stamp]bool
	highest  map[uint32]uint32 // by origin
}

type modelAccount struct {
	real     *Series
	audience int
	canary   bool
	closed   bool
	sent     []*modelBroadcast
}

type modelBroadcast struct {
	stamp.Stamp
	account                       *modelAccount
	retracted                     bool
	expected                      map[*modelMember]bool
	counts                        counts
	heardBy, indeterminate, joins int64
}

// The ledger and its model live through the same random events and must say the
// same of every delivery, every account and both audiences.
func TestTheLedgerIsItsModel(t *testing.T) {
	t.Parallel()
	histories := 2000
	if testing.Short() {
		histories = 300
	}
	for seed := range histories {
		h := &history{
			random: rand.New(rand.NewPCG(1, uint64(seed))),
			ledger: New(),
			said:   fmt.Sprintf("seed %d", seed),
		}
		for range 20 + h.random.IntN(300) {
			h.event(t)
		}
		for _, a := range h.accounts {
			h.close(t, a)
		}
	}
}

type history struct {
	model
	random *rand.Rand
	ledger *Ledger
	said   string
}

func (h *history) audience(i int) *Audience { return h.ledger.Audience([]string{room, "hall"}[i]) }

// Weights make room for histories of every temper: deliveries are the most.
func (h *history) event(t *testing.T) {
	switch n := h.random.IntN(100); {
	case n < 8:
		i := h.random.IntN(2)
		h.members = append(h.members, &modelMember{
			real: h.audience(i).Enter(), audience: i,
			had: make(map[stamp.Stamp]bool), highest: make(map[uint32]uint32),
		})
	case n < 16:
		h.ready()
	case n < 20:
		h.leave()
	case n < 24:
		i, canary := h.random.IntN(2), h.random.IntN(4) == 0
		h.accounts = append(h.accounts, &modelAccount{real: openEither(h.audience(i), canary), audience: i, canary: canary})
	case n < 36:
		h.publish()
	case n < 38:
		h.retract()
	case n < 39:
		i := h.random.IntN(2)
		h.audience(i).RequireConfirmation()
		h.proving[i] = true
	case n < 40 && len(h.accounts) > 0:
		h.close(t, pick(h.random, h.accounts))
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
		if m.state == listening && b.expected[m] && !b.account.closed && !m.had[b.Stamp] {
			b.indeterminate++
		}
	}
	m.state = gone
}

func (h *history) publish() {
	if len(h.accounts) == 0 {
		return
	}
	a := pick(h.random, h.accounts)
	if a.closed {
		return
	}
	b := &modelBroadcast{Stamp: a.real.Publish(time.Now()), account: a, expected: make(map[*modelMember]bool)}
	for _, m := range h.members {
		hearing := m.hears || !h.proving[a.audience] || a.canary
		if m.audience == a.audience && m.state == listening && hearing {
			b.expected[m] = true
		}
	}
	h.sent, a.sent = append(h.sent, b), append(a.sent, b)
}

func (h *history) retract() {
	if len(h.sent) > 0 {
		b := pick(h.random, h.sent)
		b.account.real.Retract(b.Stamp)
		b.retracted = b.heardBy+b.joins == 0
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
		h.heard(t, m, s, m.first(s))
		return
	}
	b := h.recent()
	overtook := h.overtook(m, b)
	want := m.first(b.Stamp)
	want.Canary = b.Canary
	switch {
	case b.account.audience != m.audience:
		want.Stray = true
	case b.account.closed:
		want.Late = !want.Duplicate && !b.Canary
	case want.Duplicate:
		b.counts.duplicated++
	default:
		b.retracted = false // it was sent all the same
		want.Reordered = overtook
		if b.expected[m] {
			b.heardBy++
		} else {
			b.joins++
		}
		if want.Reordered {
			b.counts.reordered++
		}
	}
	h.heard(t, m, b.Stamp, want)
}

// overtook says whether a member had a later broadcast of the same account.
func (h *history) overtook(m *modelMember, b *modelBroadcast) bool {
	for _, later := range b.account.sent {
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

// first enters a stamp into what a member had.
func (m *modelMember) first(s stamp.Stamp) Outcome {
	o := Outcome{Duplicate: m.had[s]}
	o.Reordered = !o.Duplicate && s.Sequence < m.highest[s.Origin]
	m.had[s] = true
	m.highest[s.Origin] = max(m.highest[s.Origin], s.Sequence)
	m.hears = true
	return o
}

func (h *history) heard(t *testing.T, m *modelMember, s stamp.Stamp, want Outcome) {
	if got := h.ledger.Deliver(m.real, s, time.Now()).Outcome; got != want {
		t.Fatalf("%s: %+v instead of %+v", h.said, got, want)
	}
}

func (h *history) close(t *testing.T, a *modelAccount) {
	if a.closed {
		return
	}
	a.closed = true
	var want counts
	for _, b := range a.sent {
		if b.retracted {
			continue
		}
		want.sent++
		want.expected += int64(len(b.expected)) + b.joins
		want.received += b.heardBy
		want.indeterminate += b.indeterminate + b.joins
		want.lost += int64(len(b.expected)) - b.heardBy - b.indeterminate
		want.duplicated += b.counts.duplicated
		want.reordered += b.counts.reordered
	}
	require.True(t, a.outstanding() <= 0 == a.real.complete(), h.said)
	result := a.real.Close()
	require.Equal(t, want, countsOf(&result), h.said)
	require.GreaterOrEqual(t, want.lost, int64(0), h.said)
	require.Equal(t, want.expected, want.received+want.lost+want.indeterminate, h.said)
}

func (a *modelAccount) outstanding() (n int64) {
	for _, b := range a.sent {
		if !b.retracted {
			n += int64(len(b.expected)) - b.heardBy - b.indeterminate
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
			t.Fatalf("%s: %d are gone of %+v", h.said, past[i], got)
		}
		got.Failed, got.Left = 0, 0
		if got != want[i] {
			t.Fatalf("%s: %+v instead of %+v", h.said, got, want[i])
		}
	}
}

func openEither(a *Audience, canary bool) *Series {
	if canary {
		return a.OpenCanaries()
	}
	return a.OpenSeries(0)
}
