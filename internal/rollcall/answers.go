package rollcall

import (
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Answers decides which rolls a process answers: each once, and not more often than every
// answerEvery. One answer does for all rolls that are heard before its listeners are
// counted, because every process that calls hears it. The zero value is ready for use; its
// methods may be called by several goroutines.
type Answers struct {
	mu      sync.Mutex
	newest  map[uint32]uint32   // numbers of the newest rolls, by their askers
	waiting map[uint32]struct{} // askers of which nothing else was heard since
	pending bool                // an answer is on its way whose listeners aren't counted yet
	last    time.Time           // when listeners were counted last
	latest  chan struct{}       // that Count returned last
	nobody  bool                // the latest said that this process has no listeners
}

// answerEvery is how often a process answers, at the most: anybody could make up rolls.
const answerEvery = 500 * time.Millisecond

// maxAskers bounds the askers that are remembered. If they are forgotten, an old roll may be
// answered again.
const maxAskers = 64

// Begin reports whether a roll is to be answered, and after how long. The caller then calls
// Count or Drop.
func (a *Answers) Begin(r *stamp.Roll, now time.Time) (wait time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, again := a.newest[r.Asker]; again && r.Number <= known {
		return 0, false
	}
	if a.newest == nil || len(a.newest) >= maxAskers {
		a.newest, a.waiting = make(map[uint32]uint32), make(map[uint32]struct{})
	}
	a.newest[r.Asker], a.waiting[r.Asker] = r.Number, struct{}{}
	return a.begin(now)
}

// Over notes that an asker doesn't wait any more: it broadcasts, or has given up.
func (a *Answers) Over(asker uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, asker)
}

// Asked reports whether anybody who has called a roll may be waiting.
func (a *Answers) Asked() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting) > 0
}

// Volunteer is Begin of an answer that no roll asks for.
func (a *Answers) Volunteer(now time.Time) (wait time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.begin(now)
}

// begin is Begin, with the lock held.
func (a *Answers) begin(now time.Time) (wait time.Duration, ok bool) {
	if a.pending {
		return 0, false
	}
	a.pending = true
	return max(0, a.last.Add(answerEvery).Sub(now)), true
}

// Count notes that the listeners are about to be counted: rolls from now on need another
// answer. The channel is closed when they are counted for that.
func (a *Answers) Count(now time.Time) (superseded <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending, a.last = false, now
	if a.latest != nil {
		close(a.latest)
	}
	a.latest = make(chan struct{})
	return a.latest
}

// Drop notes that an answer won't be sent. The roll is called again.
func (a *Answers) Drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending = false
}

// Say notes what an answer is about to say: how the process's listeners stand.
func (a *Answers) Say(c Count) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.nobody = c.Ready+c.Coming == 0
}

// SaidNobody reports whether the latest answer said that the process has no listeners.
func (a *Answers) SaidNobody() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.nobody
}

// Latest reports whether no answer has begun after the one for which Count returned the
// channel.
func (a *Answers) Latest(superseded <-chan struct{}) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.latest == superseded && !a.pending
}
