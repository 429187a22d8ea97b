package pushgw

import (
	"context"
	"fmt"
	"sync"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/modules"
)

// onLoop is a value that can only be made on the event loop.
type onLoop func() sobek.Value

// promise runs work on a goroutine of its own and settles with what it returns,
// which is converted to JavaScript on the event loop; see onLoop. It is called on
// the event loop; work must not touch the runtime.
func promise(vu modules.VU, work func(ctx context.Context) (any, error)) *sobek.Promise {
	rt := vu.Runtime()
	p, resolve, reject := rt.NewPromise()
	settle := vu.RegisterCallback()
	ctx := vu.Context()
	go func() {
		value, err := guarded(func() (any, error) { return work(ctx) })
		settle(func() error {
			if err != nil {
				return reject(toError(rt, err))
			}
			if onLoop, ok := value.(onLoop); ok {
				value = onLoop()
			}
			return resolve(value)
		})
	}()
	return p
}

// guarded turns a panic into an error: one that escapes from a goroutine would
// end the whole of k6.
func guarded(work func() (any, error)) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, scriptErrorf(nameInternalError, "panic: %v", r)
		}
	}()
	return work()
}

// tasks brings what goroutines have to say to the event loop, in order. It holds
// the iteration open until it is closed.
type tasks struct {
	vu       modules.VU
	mu       sync.Mutex
	space    sync.Cond
	callback func(func() error) // nil while one is under way
	queue    []func() error
	closed   bool
}

// maxTasks bounds the queue. A script that can't keep up holds up the reader,
// not the memory.
const maxTasks = 1024

// newTasks is called on the event loop.
func newTasks(vu modules.VU) *tasks {
	t := &tasks{vu: vu, callback: vu.RegisterCallback()}
	t.space.L = &t.mu
	return t
}

// add has f run on the event loop. It waits while the queue is full.
func (t *tasks) add(f func() error) {
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
func (t *tasks) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wake()
}

// wake uses the callback, if it isn't under way. The lock is held.
func (t *tasks) wake() {
	if callback := t.callback; callback != nil {
		t.callback = nil
		callback(t.run)
	}
}

// run is called on the event loop. It returns the first error and runs the rest
// all the same.
func (t *tasks) run() (err error) {
	for {
		t.mu.Lock()
		queue := t.queue
		t.queue = nil
		t.space.Broadcast()
		if len(queue) == 0 {
			if !t.closed {
				t.callback = t.vu.RegisterCallback()
			}
			t.mu.Unlock()
			return err
		}
		t.mu.Unlock()
		for _, f := range queue {
			if failed := f(); failed != nil && err == nil {
				err = fmt.Errorf("in a handler: %w", failed)
			}
		}
	}
}
