package ledger

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Audience is all the listeners of one room, subscription or channel in this
// process. It has an origin and a sequence of its own, so that what a listener
// remembers of its broadcasts isn't used up by those of other rooms.
type Audience struct {
	clock    *clock
	origin   uint32
	inFlight inFlightIndex
	canaries canaries
	remotes  remotes
	latest   atomic.Uint32 // sequence of the latest broadcast; written under the lock

	mu               sync.Mutex
	count            Count
	requireConfirmed bool
	series           map[*Series]struct{} // those open
	promised         int                  // how many broadcasts these have yet to publish, as planned
	announced        announced
	changed          chan struct{} // closed when count changes; nil while nobody watches
}

func newAudience(c *clock) *Audience {
	return &Audience{clock: c, origin: rand.Uint32(), series: make(map[*Series]struct{})} //nolint:gosec // an identifier, no secret
}

// Count is how many listeners are in which state.
type Count struct {
	Planned      int   // yet to be dialled, see Audience.Plan
	Connecting   int   // dialled, or shaking hands
	Ready        int   // the gateway has acknowledged them
	Confirmed    int   // of those ready, how many have read a stamp, if only a canary's
	Failed       int   // never became ready
	FirstFailure error // why the first of these failed
	Left         int   // were ready once
	CutOff       int   // of those left, how many the gateway or the network ended, and nobody replaced yet
	LargestGroup int   // the most that were opened together, see NoteGroupSize
}

// Deaf returns how many listeners are acknowledged and have never read a stamp. It is
// meaningful once a canary has been sent.
func (c Count) Deaf() int { return c.Ready - c.Confirmed }

// Origin returns the origin in the stamps of this process's broadcasts to the audience.
func (a *Audience) Origin() uint32 { return a.origin }

// Watch returns the present count, and a channel that is closed when it changes.
func (a *Audience) Watch() (Count, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed == nil {
		a.changed = make(chan struct{})
	}
	return a.count, a.changed
}

// RequireConfirmation makes a listener count only after it has read a stamp: broadcasts
// published from now on aren't due to one that is merely acknowledged.
func (a *Audience) RequireConfirmation() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requireConfirmed = true
}

// NoteGroupSize notes that a group of this many listeners is about to enter together.
// When a test is divided among processes, no group is divided.
func (a *Audience) NoteGroupSize(group int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count.LargestGroup = max(a.count.LargestGroup, group)
	a.notify()
}

// Enter adds a listener that has begun to connect and that no Plan has.
func (a *Audience) Enter() *Member {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.enter()
}

// enter is Enter, with the lock held.
func (a *Audience) enter() *Member {
	a.count.Connecting++
	a.notify()
	return &Member{audience: a}
}

// ReduceCutOff notes that n listeners that were cut off have been replaced by others that
// are ready, or would have ended by now as planned. Broadcasts are no longer missed by them.
func (a *Audience) ReduceCutOff(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n = min(n, a.count.CutOff)
	if n > 0 {
		a.count.CutOff -= n
		a.notify()
	}
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
