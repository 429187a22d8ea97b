package ledger

import (
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// announced is what an audience's openings and closings tell. The audience's lock guards
// it.
type announced struct {
	series          uint32 // how many were opened
	latestPublished time.Time
	retracted       retractions
}

// Opening returns what tells other processes that the series is about to begin.
func (s *Series) Opening(run *Run) *stamp.Opening {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	return &stamp.Opening{
		Run: run.ID, Origin: a.origin, Series: s.number, First: s.first, Planned: uint32(s.promised), //nolint:gosec // not negative
		Settle: s.settle, Sent: a.ledger.clock.now(), Previous: a.announced.latestPublished,
		ClockError: run.ClockError, Confirmed: a.requireConfirmed,
	}
}

// Closing returns what tells other processes how far the series has come. Final: it has
// ended.
func (s *Series) Closing(run *Run, final bool) *stamp.Closing {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	s.closings++
	if final {
		s.breakPromise(s.promised)
	}
	c := &stamp.Closing{
		Run: run.ID, Origin: a.origin, Series: s.number, Number: s.closings, Final: final,
		First: s.first, Last: a.latest.Load(), End: a.end(), Settle: s.settle, Sent: a.ledger.clock.now(),
		LastPublished: a.announced.latestPublished,
		Retracted:     slices.Clone(a.announced.retracted.ranges), Listed: a.announced.retracted.listed,
	}
	if len(s.broadcasts) > 0 {
		c.First, c.FirstPublished = s.broadcasts[0].sequence, a.ledger.clock.date(s.broadcasts[0].published)
	}
	return c
}
