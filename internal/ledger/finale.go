package ledger

import (
	"sync"
	"time"
)

// Finale tells when the broadcasts to some audiences are over: when a series has ended since
// the audience is watched, or somebody who was to open one gave up, and for quiet none has been
// open and no barrier of this process has waited. Another process's series is open from its
// opening to its last closing, or until it has been silent for very long, and until what was
// heard of it has settled. A nil *Finale watches nothing.
type Finale struct {
	mu sync.Mutex
	// watched has how many series of each audience had ended before.
	watched map[*Audience]uint32
}

// quiet is how long no series may be open before the broadcasts are over, so that a script
// has time to begin the next.
const quiet = time.Second

// NewFinale returns a finale that watches no audience yet.
func NewFinale() *Finale { return &Finale{watched: make(map[*Audience]uint32)} }

// Watch has the finale wait for the broadcasts to these audiences as well.
func (f *Finale) Watch(audiences ...*Audience) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range audiences {
		if _, known := f.watched[a]; !known {
			f.watched[a] = a.watch()
		}
	}
}

// Over reports whether the broadcasts are over.
func (f *Finale) Over(now time.Time) bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	begun := false
	for a, before := range f.watched {
		ended, silent := a.silentAt(now)
		if !silent {
			return false
		}
		begun = begun || ended != before
	}
	return begun
}

// playing is which series an audience has had, how many of this process are open, and who may
// open the next.
type playing struct {
	open      int
	ended     uint32
	endedAt   time.Time // the latest
	barriers  int       // of this process, which wait
	fulfilled bool      // one was, and this process has opened no series since
	watched   bool      // listeners have waited for the broadcasts to be over
}

// end notes that a series has ended, or that nobody opens one that was expected.
func (p *playing) end() {
	p.ended++
	p.endedAt = time.Now()
}

// play returns which series the audience has had, and who may open the next. The lock is held.
func (a *Audience) play() *playing {
	if a.playing == nil {
		a.playing = new(playing)
	}
	return a.playing
}

// watch notes that listeners wait for the broadcasts to be over, and returns how many series
// have ended.
func (a *Audience) watch() (ended uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.play()
	p.watched = true
	return p.ended
}

// silentAt returns how many series have ended, and whether none has been open for quiet.
func (a *Audience) silentAt(now time.Time) (ended uint32, silent bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.play()
	open := p.open > 0 || p.barriers > 0 || a.remotes.Load().playing()
	return p.ended, !open && now.Sub(p.endedAt) >= quiet
}

// playing reports whether a series of another process is open. The audience's lock is held.
func (r *remotes) playing() bool {
	if r == nil {
		return false
	}
	for _, c := range r.all() {
		if c.playing() {
			return true
		}
	}
	return false
}

// playing reports whether a series is open. The audience's lock is held.
func (c *account) playing() bool {
	open := c.opened > c.ended && !c.publisher.silent
	return c.vouched && !c.foreign && !c.broken && (open || len(c.rows.all()) > 0)
}

// Expect notes that a barrier waits for the audience, after which somebody may broadcast to it.
// End has to follow, and says whether the barrier was fulfilled. If it wasn't, there may be no
// broadcast: unless one begins soon, they are over.
func (a *Audience) Expect() (end func(fulfilled bool)) {
	a.expect(1)
	return a.stopExpecting
}

// expect notes that so many barriers begin to wait.
func (a *Audience) expect(barriers int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.play().barriers += barriers
}

// stopExpecting notes that a barrier waits no more, and whether it was fulfilled.
func (a *Audience) stopExpecting(fulfilled bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.play()
	p.barriers--
	if fulfilled {
		p.fulfilled, p.endedAt = true, time.Now()
	} else {
		p.end()
	}
}

// Expect notes that a barrier waits for the listeners, in whichever audiences they are and will
// be; see Audience.Expect.
func (r *Roster) Expect() (end func(fulfilled bool)) {
	for _, a := range r.countBarrier(1) {
		a.expect(1)
	}
	return func(fulfilled bool) {
		for _, a := range r.countBarrier(-1) {
			a.stopExpecting(fulfilled)
		}
	}
}

// countBarrier adds to the barriers that wait for the listeners, and returns the audiences that
// these are in so far.
func (r *Roster) countBarrier(n int) []*Audience {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.barriers += n
	return r.allLocked()
}
