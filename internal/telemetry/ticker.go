package telemetry

import (
	"sync"
	"time"
)

// Ticker does what is due now and then, for all VUs on one goroutine: a timer for
// each of ten thousand VUs would cost more than what it does. The goroutine lives as
// long as there is anything to call. The zero value is ready for use.
type Ticker struct {
	mu    sync.Mutex
	calls map[*call]struct{}
	stop  chan struct{}
}

// call is one function to be called at every tick.
type call struct{ f func(now time.Time) }

// interval is how often samples are pushed and deadlines looked at.
const interval = 100 * time.Millisecond

// Add begins to call f at every tick. Once remove has returned, f isn't called any
// more. f must call neither Add nor remove: the ticker's lock is held.
func (t *Ticker) Add(f func(now time.Time)) (remove func()) {
	added := &call{f: f}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.calls) == 0 {
		t.calls = make(map[*call]struct{})
		t.stop = make(chan struct{})
		go t.run(t.stop)
	}
	t.calls[added] = struct{}{}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.calls, added)
		if len(t.calls) == 0 {
			close(t.stop)
		}
	}
}

func (t *Ticker) run(stop <-chan struct{}) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-ticker.C:
			t.tick(now)
		}
	}
}

func (t *Ticker) tick(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.calls {
		c.run(now)
	}
}

// run drops a panic of f, which would end the whole of k6: there is no one to return
// an error to.
func (c *call) run(now time.Time) {
	defer func() { _ = recover() }()
	c.f(now)
}
