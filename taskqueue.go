package pushgw

import (
	"fmt"
	"sync"

	"go.k6.io/k6/v2/js/modules"
)

// taskQueue runs functions of other goroutines on the event loop, in order. It holds
// the iteration open until it is closed.
//
// Unlike k6's taskqueue it is bounded, and it runs one task in a turn of the loop, so
// that a flood of messages starves neither the memory nor the script's timers.
type taskQueue struct {
	vu       modules.VU
	mu       sync.Mutex
	space    sync.Cond
	callback func(func() error) // nil while the loop is about to call run
	queue    []func() error
	closed   bool
}

// maxTasks bounds the queue. A script that can't keep up holds up the reader,
// not the memory.
const maxTasks = 1024

// newTaskQueue is called on the event loop.
func newTaskQueue(vu modules.VU) *taskQueue {
	t := &taskQueue{vu: vu, callback: vu.RegisterCallback()}
	t.space.L = &t.mu
	return t
}

// add has f run on the event loop. It waits while the queue is full.
func (t *taskQueue) add(f func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.queue) >= maxTasks && !t.closed {
		t.space.Wait()
	}
	if t.closed {
		return
	}
	t.queue = append(t.queue, f)
	t.wake()
}

// close runs what was added before, and lets the iteration go.
func (t *taskQueue) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wake()
}

// wake has the event loop run a task, unless it is about to. The lock is held.
func (t *taskQueue) wake() {
	if callback := t.callback; callback != nil {
		t.callback = nil
		callback(t.run)
	}
}

// run is called on the event loop. It runs one task, so that the next waits until the
// loop has done whatever else there is to do, such as the script's timers.
func (t *taskQueue) run() error {
	if f := t.next(); f != nil {
		if err := f(); err != nil {
			return fmt.Errorf("in a handler: %w", err)
		}
	}
	return nil
}

// next takes a task off the queue, if there is one, and arranges for the one after it.
func (t *taskQueue) next() (f func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) > 0 {
		f, t.queue = t.queue[0], t.queue[1:]
		t.space.Signal()
	}
	if !t.closed || len(t.queue) > 0 {
		t.callback = t.vu.RegisterCallback()
	}
	if len(t.queue) > 0 {
		t.wake()
	}
	return f
}
