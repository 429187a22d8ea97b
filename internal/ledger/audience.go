package ledger

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Audience is whoever is meant to hear the same broadcasts in this process: all that listen
// to one room, subscription or channel. It has an origin and a sequence of its own, so that
// what a listener remembers of its broadcasts isn't used up by those of other rooms. There
// may be very many, so an idle one is small.
type Audience struct {
	ledger   *Ledger
	name     Name
	origin   uint32
	latest   atomic.Uint32 // sequence of the latest broadcast; written under the lock
	inFlight inFlightIndex
	canaries canaries
	remotes  atomic.Pointer[remotes] // nil before anybody has listened; set under the lock

	mu                       sync.Mutex
	ready, confirmed, cutOff int
	requirements             int           // of confirmation, those not withdrawn
	series                   []*Series     // those open
	playing                  *playing      // nil before the first series, barrier or Finale
	promised                 int           // how many broadcasts these have yet to publish, as planned
	announced                *announced    // nil before the first series
	changed                  chan struct{} // closed when a count changes; nil while nobody watches
	addresses                *addresses    // nil while no member has any
}

// Name names an audience: the key that its client gave it, at one endpoint of a gateway.
type Name struct{ Endpoint, Key string }

// Name returns the audience's name.
func (a *Audience) Name() Name { return a.name }

// Origin returns the origin in the stamps of this process's broadcasts to the audience.
func (a *Audience) Origin() uint32 { return a.origin }

// Watch returns the present count of the audience's members, of which only Ready, Confirmed
// and CutOff are known here, and a channel that is closed when it changes.
func (a *Audience) Watch() (Count, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed == nil {
		a.changed = make(chan struct{})
	}
	return Count{Ready: a.ready, Confirmed: a.confirmed, CutOff: a.cutOff}, a.changed
}

// RequireConfirmation makes a member count only after it has read a stamp: broadcasts
// published from now on aren't due to one that is merely acknowledged.
func (a *Audience) RequireConfirmation() { a.require(1) }

// WithdrawConfirmation undoes one call of RequireConfirmation, for broadcasts published from
// now on.
func (a *Audience) WithdrawConfirmation() { a.require(-1) }

// require adds so many requirements of confirmation.
func (a *Audience) require(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requirements += n
}

// requireConfirmed reports whether confirmation is required. The lock is held.
func (a *Audience) requireConfirmed() bool { return a.requirements > 0 }

// occupied reports whether any member is ready.
func (a *Audience) occupied() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready > 0
}

// unconfirmed reports whether any member is ready and has yet to read a stamp.
func (a *Audience) unconfirmed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready > a.confirmed
}

// reduceCutOff notes that n members that were cut off aren't missing any longer.
func (a *Audience) reduceCutOff(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cutOff = max(a.cutOff-n, 0)
	a.notify()
}

// notify wakes the watchers. The lock is held.
func (a *Audience) notify() {
	if a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
}

// mark returns a mark at the latest broadcast. The lock is held.
func (a *Audience) mark() mark { return mark{set: true, sequence: a.latest.Load()} }

// drop takes a series off those open. The lock is held.
func (a *Audience) drop(s *Series) {
	before := len(a.series)
	a.series = slices.DeleteFunc(a.series, func(open *Series) bool { return open == s })
	if len(a.series) < before {
		a.playing.open--
		a.playing.end()
	}
	if len(a.series) == 0 {
		a.series = nil
	}
}
