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
	toAll, toOne    bool   // they were of broadcasts to all members, or of messages to one each
	latestPublished time.Time
	retracted       retractions
	roll            uint32 // the latest that was answered, and by whom
	heard           []stamp.Heard
}

// Answered notes who has answered a roll that was sent to the audience. Openings from now
// on say so.
func (a *Audience) Answered(roll uint32, heard []stamp.Heard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.announce().roll, a.announced.heard = roll, heard
}

// announce returns what the audience's openings and closings tell. The lock is held.
func (a *Audience) announce() *announced {
	if a.announced == nil {
		a.announced = new(announced)
	}
	return a.announced
}

// Opening returns what tells other processes that the series is about to begin.
func (s *Series) Opening(run *Run) *stamp.Opening {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	return &stamp.Opening{
		Run: run.ID, Origin: a.origin, Series: s.number, First: s.first, Planned: uint32(s.promised), //nolint:gosec // not negative
		Settle: s.settle, Sent: a.ledger.clock.now(), Previous: a.announced.latestPublished,
		ClockError: run.ClockError, Confirmed: a.requireConfirmed(), Roll: a.announced.roll, Heard: a.announced.heard,
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
	if s.began.set {
		c.First, c.FirstPublished = s.began.sequence, a.ledger.clock.date(s.beganAt)
	}
	return c
}

// Dedicate notes what is about to be sent to the audience: broadcasts to all members, or messages
// to one each. It reports false if the other kind was sent before, because other processes take
// the numbers of messages that they can't hear for broadcasts that were lost.
func (a *Audience) Dedicate(toOne bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent := a.announce()
	if toOne && sent.toAll || !toOne && sent.toOne {
		return false
	}
	sent.toAll, sent.toOne = !toOne, toOne
	return true
}
