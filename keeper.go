package pushgw

import (
	"sync"
	"time"
)

// keeper does what is due now and then, for all VUs on one goroutine: a timer
// for each of ten thousand VUs would cost more than what it does. The goroutine
// lives as long as anybody has something to keep.
type keeper struct {
	mu   sync.Mutex
	jobs map[*job]struct{}
	stop chan struct{}
}

// job is one thing to be done at every tick.
type job struct{ do func(now time.Time) }

// tick is how often samples are pushed and deadlines looked at.
const tick = 100 * time.Millisecond

// add begins to call f at every tick. Once remove has returned, it won't be
// called any more. f must not call either.
func (k *keeper) add(f func(now time.Time)) (remove func()) {
	j := &job{do: f}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.jobs) == 0 {
		k.jobs = make(map[*job]struct{})
		k.stop = make(chan struct{})
		go k.run(k.stop)
	}
	k.jobs[j] = struct{}{}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.jobs, j)
		if len(k.jobs) == 0 {
			close(k.stop)
		}
	}
}

func (k *keeper) run(stop <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-ticker.C:
			k.tick(now)
		}
	}
}

func (k *keeper) tick(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for j := range k.jobs {
		j.run(now)
	}
}

func (j *job) run(now time.Time) {
	defer survive()
	j.do(now)
}
