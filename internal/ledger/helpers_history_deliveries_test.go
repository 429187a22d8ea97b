package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

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

func (h *history) heard(t *testing.T, m *modelMember, s stamp.Stamp, arrived time.Time, want Outcome) {
	t.Helper()
	if got := h.ledger.Deliver(m.real.Member(0), s, arrived).Outcome; got != want {
		t.Fatalf("%s: %+v instead of %+v", h.name, got, want)
	}
}
