package ledger

import "time"

// Result is what became of a series.
type Result struct {
	// Origin is that of the series' stamps.
	Origin uint32
	// Broadcasts: Planned = Sent + Unsent. Unsent are those that were never attempted, and
	// those that could not be sent.
	Planned, Sent, Unsent int
	// Unheard are those sent that were due to nobody and that nobody has read, and Reached
	// those of which a first copy was in time at any listener.
	Unheard, Reached int

	// Deliveries: Expected = Received + Lost + Indeterminate.
	Expected, Received, Lost, Indeterminate int64
	// Cut is the part of Lost that was on its way to listeners when they were cut off. The
	// rest went missing.
	Cut int64
	// Missed adds up how many listeners were cut off when each broadcast was sent. These
	// deliveries weren't expected.
	Missed int64
	// Late are first copies that arrived after their broadcast was settled, or were read
	// after it was closed. Where they were due they are lost.
	Late int64
	// Further copies, and first copies that came after a later broadcast's.
	Duplicated, Reordered int64

	// Slowest is the worst case over all broadcasts of reaching the first and the last
	// listener. It is zero if nobody was reached.
	Slowest Fanout
	// P50 and P99 are quantiles of the delay of all deliveries.
	P50, P99 time.Duration

	// Rest is the part of all this that TakeSettled hasn't told.
	Rest Settlement
}

// Sum returns what the broadcasts come to together.
func (s *Settlement) Sum() Result {
	sum := Result{Unsent: s.Unsent}
	for i := range s.Broadcasts {
		sum.add(&s.Broadcasts[i])
	}
	return sum
}

// add adds what became of one broadcast.
func (r *Result) add(s *Settled) {
	r.Sent++
	if s.Unheard() {
		r.Unheard++
	}
	r.Expected += s.Expected
	r.Received += s.Received
	r.Lost += s.Lost
	r.Indeterminate += s.Indeterminate
	r.Cut += s.Cut
	r.Missed += s.Missed
	r.Late += s.Late
	r.Duplicated += s.Duplicated
	r.Reordered += s.Reordered
	if s.Reached {
		r.reach(s.Fanout)
	}
}

// reach adds the fan-out of a broadcast that reached somebody.
func (r *Result) reach(f Fanout) {
	if r.Reached == 0 {
		r.Slowest = f
	}
	r.Reached++
	r.Slowest.First = max(r.Slowest.First, f.First)
	r.Slowest.Last = max(r.Slowest.Last, f.Last)
}

// Fanout is how long after its intended send time a broadcast reached the first and the
// last of its listeners.
type Fanout struct{ First, Last time.Duration }

// Close closes the broadcasts that are left, ends the series and returns what became of it.
// Deliveries still outstanding are lost. What is delivered from now on, even by a Deliver
// that has begun, is late.
func (s *Series) Close() Result {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drop(s)
	s.breakPromise(s.promised)
	told := s.sum.Unsent
	var rest Settlement
	for _, b := range s.open {
		s.settled(b, &rest)
	}
	s.open, s.pending, s.leavers = nil, nil, nil
	a.inFlight.remove(s)

	r := s.sum
	r.Origin, r.Planned = a.origin, max(s.planned, s.sequences.count)
	r.Unsent = r.Planned - r.Sent
	rest.Unsent = r.Unsent - told
	r.Rest = rest
	r.Late, r.Duplicated = s.late.Load(), s.copies.Load()
	// Last, because a delivery enters its delay before it is counted.
	delays := s.delays.Summary()
	r.P50, r.P99 = delays.P50, delays.P99
	return r
}
