package ledger

import (
	"math/rand/v2"
	"sync"
)

// Audience is all the listeners of one room, subscription or channel in this
// process. Its broadcasts have an origin of their own, and are counted by
// themselves: what a listener can remember of them isn't used up by other rooms'.
type Audience struct {
	origin   uint32
	inFlight flights

	mu       sync.Mutex
	sequence uint32 // of the latest broadcast
	count    Count
	proving  bool
	open     map[*Series]struct{}
	changed  chan struct{} // closed when count changes; nil while nobody watches
}

func newAudience() *Audience {
	return &Audience{origin: rand.Uint32(), open: make(map[*Series]struct{})} //nolint:gosec // told apart, not kept secret
}

// Count is how many listeners are in which state.
type Count struct {
	Connecting   int // dialled, or shaking hands
	Ready        int // the gateway has acknowledged them
	Confirmed    int // of those ready: have read a stamp, if only a canary's
	Failed       int // never became ready
	Left         int // were ready once
	LargestGroup int // the most that were opened together, see Grow
}

// Deaf is how many listeners are acknowledged and have never heard anything.
// That means something once a canary has been sent.
func (c Count) Deaf() int { return c.Ready - c.Confirmed }

// Watch says how the audience stands, and gives a channel that is closed when
// that changes.
func (a *Audience) Watch() (Count, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed == nil {
		a.changed = make(chan struct{})
	}
	return a.count, a.changed
}

// RequireConfirmation makes an acknowledgement count for nothing: from now on a listener is
// expected to hear broadcasts once it has heard one stamp.
func (a *Audience) RequireConfirmation() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.proving = true
}

// NoteGroupSize says that so many listeners are about to enter together. When a test is
// divided among processes, such groups aren't torn apart.
func (a *Audience) NoteGroupSize(group int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count.LargestGroup = max(a.count.LargestGroup, group)
	a.tell()
}

// Enter adds a listener that has begun to connect.
func (a *Audience) Enter() *Member {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count.Connecting++
	a.tell()
	return &Member{audience: a}
}

// tell wakes those who watch. The lock is held.
func (a *Audience) tell() {
	if a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
}

// mark is the last sequence given out. The lock is held.
func (a *Audience) mark() mark { return mark{set: true, sequence: a.sequence} }
