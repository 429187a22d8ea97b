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

// survive does the same where nobody is to be told.
func survive() { _ = recover() }

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

// run is called on the event loop. It runs one task, so that the next takes its turn
// behind whatever else the loop has to do, such as the script's timers.
func (t *tasks) run() error {
	if f := t.next(); f != nil {
		if err := f(); err != nil {
			return fmt.Errorf("in a handler: %w", err)
		}
	}
	return nil
}

// next takes a task off the queue, if there is one, and sees to the one behind it.
func (t *tasks) next() (f func() error) {
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
