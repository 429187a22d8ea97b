package ledger

import "time"

// Result is what became of a series.
type Result struct {
	// Origin is that of the series' stamps.
	Origin uint32
	// Broadcasts: Planned = Sent + Unsent. Unsent are those that were never attempted, and
	// those that could not be sent.
	Planned, Sent, Unsent int
	// Unheard are those sent that were due to nobody and that nobody has read.
	Unheard int

	// Deliveries: Expected = Received + Lost + Indeterminate.
	Expected, Received, Lost, Indeterminate int64
	// Cut is the part of Lost that was on its way to listeners when they were cut off. The
	// rest went missing.
	Cut int64
	// Missed adds up how many listeners were cut off when each broadcast was sent. These
	// deliveries weren't expected.
	Missed int64
	// Late are first copies that arrived after their broadcast was settled. Where they
	// were due they are lost.
	Late int64
	// Further copies, and first copies that came after a later broadcast's.
	Duplicated, Reordered int64

	// Fanouts are those of the broadcasts that reached anybody, in the order in which
	// these were sent.
	Fanouts []Fanout
	// Broadcasts are those sent, in the order of their sequences.
	Broadcasts []Settled
	// P50 and P99 are quantiles of the delay of all deliveries.
	P50, P99 time.Duration
}

// Fanout is how long after its intended send time a broadcast reached the first and the
// last of its listeners.
type Fanout struct{ First, Last time.Duration }

// Settled is what became of one broadcast: Expected = Received + Lost + Indeterminate.
type Settled struct {
	Origin   uint32
	Sequence uint32
	Sent     time.Time // as its stamp says; about then, if nobody here has read it

	Expected, Received, Lost, Indeterminate  int64
	Cut, Missed, Late, Duplicated, Reordered int64
	// Open is the part of Indeterminate that may have been due and wasn't read: what was
	// lost is at most this more. It is zero of this process's own broadcasts.
	Open    int64
	Reached bool   // a first copy was in time at any listener
	Fanout  Fanout // zero unless Reached
}

// Close ends the series and returns what became of it. Deliveries still outstanding are
// lost. What is delivered from now on, even by a Deliver that has begun, is late.
func (s *Series) Close() Result {
	a := s.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drop(s)
	s.breakPromise(s.promised)
	a.inFlight.remove(s)

	r := Result{Origin: a.origin, Planned: max(s.planned, len(s.broadcasts))}
	for _, b := range s.broadcasts {
		read := b.close()
		if b.retracted.Load() && read != (reads{}) {
			s.undoRetraction(b) // what Deliver was about to do
		}
		if !b.retracted.Load() {
			r.add(b, read)
		}
	}
	r.Unsent = r.Planned - r.Sent
	// Last, because a delivery enters its delay before it is counted.
	delays := s.delays.Summary()
	r.P50, r.P99 = delays.P50, delays.P99
	return r
}

// add adds what became of one broadcast. The audience's lock is held.
func (r *Result) add(b *broadcast, read reads) {
	sum := b.balance(read)
	r.Sent++
	if sum.expected+read.late == 0 {
		r.Unheard++
	}
	r.Expected += sum.expected
	r.Received += sum.received
	r.Lost += sum.lost
	r.Indeterminate += sum.indeterminate
	settled := Settled{
		Origin: b.series.audience.origin, Sequence: b.sequence, Sent: time.UnixMicro(b.sent),
		Expected: sum.expected, Received: sum.received, Lost: sum.lost, Indeterminate: sum.indeterminate,
		Cut: int64(b.cut), Missed: int64(b.missed), Late: read.late,
		Duplicated: b.duplicated.Load(), Reordered: b.reordered.Load(),
		Reached: read.received+read.joined > 0,
	}
	r.Cut += settled.Cut
	r.Missed += settled.Missed
	r.Late += settled.Late
	r.Duplicated += settled.Duplicated
	r.Reordered += settled.Reordered
	if settled.Reached {
		settled.Fanout = Fanout{First: time.Duration(b.first.Load()), Last: time.Duration(b.last.Load())}
		r.Fanouts = append(r.Fanouts, settled.Fanout)
	}
	r.Broadcasts = append(r.Broadcasts, settled)
}

// Slowest returns the worst case over all broadcasts of reaching the first and the last
// listener. It is zero if nobody was reached.
func (r *Result) Slowest() Fanout {
	if len(r.Fanouts) == 0 {
		return Fanout{}
	}
	worst := r.Fanouts[0]
	for _, f := range r.Fanouts {
		worst.First = max(worst.First, f.First)
		worst.Last = max(worst.Last, f.Last)
	}
	return worst
}
