package ledger

import "time"

// Result is a closed account.
type Result struct {
	Sent int // broadcasts

	// Deliveries: Expected = Received + Lost + Indeterminate.
	Expected, Received, Lost, Indeterminate int64
	// Further copies, and first copies that came behind a later broadcast.
	Duplicated, Reordered int64

	// Fanouts are the broadcasts that reached anybody, in the order they were sent.
	Fanouts []Fanout
	// P50 and P99 are quantiles of the delay of all deliveries.
	P50, P99 time.Duration
}

// Fanout says how long after its intended send time a broadcast reached the
// first and the last of its listeners.
type Fanout struct{ First, Last time.Duration }

// Close ends the account and says what is in it. Who hasn't heard by now has
// lost.
func (account *Series) Close() Result {
	a := account.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, account)
	a.inFlight.remove(account)

	delays := account.delays.Summary()
	r := Result{P50: delays.P50, P99: delays.P99}
	for _, b := range account.broadcasts {
		if !b.retracted.Load() {
			r.add(b)
		}
	}
	if account.interrupted {
		r.Lost, r.Indeterminate = 0, r.Indeterminate+r.Lost
	}
	return r
}

func (r *Result) add(b *broadcast) {
	joined, indeterminate, lost := b.joined.Load(), int64(b.indeterminate), b.outstanding()
	received := int64(b.expected) - indeterminate - lost
	r.Sent++
	r.Expected += int64(b.expected) + joined
	r.Received += received
	r.Indeterminate += indeterminate + joined
	r.Lost += lost
	r.Duplicated += b.duplicated.Load()
	r.Reordered += b.reordered.Load()
	if received+joined > 0 {
		r.Fanouts = append(r.Fanouts, Fanout{First: time.Duration(b.first.Load()), Last: time.Duration(b.last.Load())})
	}
}

// Slowest returns the worst case over all broadcasts of reaching the first and
// the last listener, zero where nobody was reached.
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
