package ledger

import (
	"sync"
	"sync/atomic"
)

// Roster counts the listeners of one client, in whichever audiences they are. A listener
// counts once, however many it is in. The zero value has none.
type Roster struct {
	calls    atomic.Int64 // that hold listeners, see Attend
	nextLook atomic.Int64 // when other processes' broadcasts are to be settled next

	mu           sync.Mutex
	count        Count
	audiences    map[*Audience]struct{} // that any of the listeners is or was in
	requirements int                    // of confirmation, those not withdrawn, which each of these has too
	barriers     int                    // that wait for the listeners, which each of these has too
	changed      chan struct{}          // closed when the count changes; nil while nobody watches
}

// Count is how many listeners are in which state.
type Count struct {
	Planned      int   // yet to be dialled, see Roster.Plan
	Connecting   int   // dialled, or shaking hands
	Ready        int   // the gateway has acknowledged them
	Confirmed    int   // of those ready, how many have read a stamp of each of their audiences, if only a canary's
	Failed       int   // never became ready
	FirstFailure error // why the first of these failed
	Left         int   // were ready once
	CutOff       int   // of those left, how many the gateway or the network ended, and nobody replaced yet
	LargestGroup int   // the most that were opened together, see NoteGroupSize
}

// Deaf returns how many listeners are acknowledged and have not read a stamp. It is
// meaningful once canaries have been sent.
func (c Count) Deaf() int { return c.Ready - c.Confirmed }

// Watch returns the present count, and a channel that is closed when it changes.
func (r *Roster) Watch() (Count, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.count, r.changed
}

// NoteGroupSize notes that a group of this many listeners is about to enter together.
// When a test is divided among processes, no group is divided.
func (r *Roster) NoteGroupSize(group int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.LargestGroup = max(r.count.LargestGroup, group)
	r.notify()
}

// Enter adds a listener that has begun to connect and that no Plan has.
func (r *Roster) Enter() *Listener {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.enter()
}

// enter is Enter, with the lock held.
func (r *Roster) enter() *Listener {
	r.count.Connecting++
	r.notify()
	return &Listener{roster: r}
}

// note notes that a listener is in an audience.
func (r *Roster) note(a *Audience) {
	r.mu.Lock()
	if r.audiences == nil {
		r.audiences = make(map[*Audience]struct{})
	}
	_, known := r.audiences[a]
	r.audiences[a] = struct{}{}
	requirements, barriers := r.requirements, r.barriers
	r.mu.Unlock()
	if !known && requirements > 0 {
		a.require(requirements)
	}
	if !known && barriers > 0 {
		a.expect(barriers)
	}
}

// RequireConfirmation requires confirmation of all audiences of the listeners, also of those
// that are yet to come; see Audience.RequireConfirmation.
func (r *Roster) RequireConfirmation() { r.require(1) }

// WithdrawConfirmation undoes one call of RequireConfirmation.
func (r *Roster) WithdrawConfirmation() { r.require(-1) }

// require adds so many requirements of confirmation, also to audiences that are yet to come.
func (r *Roster) require(n int) {
	r.mu.Lock()
	r.requirements += n
	all := r.allLocked()
	r.mu.Unlock()
	for _, a := range all {
		a.require(n)
	}
}

// Unconfirmed returns the audiences in which anybody is ready and has yet to read a stamp.
func (r *Roster) Unconfirmed() []*Audience {
	var unconfirmed []*Audience
	for _, a := range r.all() {
		if a.unconfirmed() {
			unconfirmed = append(unconfirmed, a)
		}
	}
	return unconfirmed
}

// all returns the audiences of the listeners.
func (r *Roster) all() []*Audience {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.allLocked()
}

// allLocked is all, with the lock held.
func (r *Roster) allLocked() []*Audience {
	all := make([]*Audience, 0, len(r.audiences))
	for a := range r.audiences {
		all = append(all, a)
	}
	return all
}

// reduceCutOff notes that n listeners that were cut off aren't missing any longer.
func (r *Roster) reduceCutOff(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n = min(n, r.count.CutOff); n > 0 {
		r.count.CutOff -= n
		r.notify()
	}
}

// notify wakes the watchers. The lock is held.
func (r *Roster) notify() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}
