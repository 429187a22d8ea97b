package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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

func (h *history) retract() {
	if len(h.sent) > 0 {
		b := h.recent()
		b.series.real.Retract(b.Stamp)
		if !b.closed {
			b.attempted, b.retracted = true, !b.wasRead()
		}
	}
}

// recent is mostly one of the latest broadcasts.
func (h *history) recent() *modelBroadcast {
	if h.random.IntN(4) == 0 {
		return pick(h.random, h.sent)
	}
	return h.sent[len(h.sent)-1-h.random.IntN(min(3, len(h.sent)))]
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
