package pushgw

import (
	"context"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/modules"
)

// onLoop is a value that can only be made on the event loop.
type onLoop func() sobek.Value

// newPromise runs work on a goroutine of its own and settles with what it returns. It
// is called on the event loop; work must not touch the runtime, but may ask the script
// (see askScript).
//
// Unlike k6's js/promises it makes values and errors on the event loop (see onLoop),
// and turns a panic of work into a rejection.
func newPromise(vu modules.VU, work func(ctx context.Context) (any, error)) *sobek.Promise {
	rt := vu.Runtime()
	p, resolve, reject := rt.NewPromise()
	loop := newTaskQueue(vu)
	ctx := context.WithValue(vu.Context(), eventLoopKey{}, loop)
	go func() {
		defer loop.close()
		value, err := recoverToError(func() (any, error) { return work(ctx) })
		loop.add(func() error {
			if onLoop, ok := value.(onLoop); ok {
				value, err = recoverToError(func() (any, error) { return onLoop(), nil })
			}
			if err != nil {
				return reject(toError(rt, err))
			}
			return resolve(value)
		})
	}()
	return p
}

// recoverToError turns a panic into an error: one that escapes from a goroutine, or from a
// callback on the event loop, would end the whole of k6.
func recoverToError(work func() (any, error)) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, scriptErrorf(nameInternalError, "panic: %v", r)
		}
	}()
	return work()
}

// recoverPanic drops a panic. It is deferred where there is no one to return an error to.
func recoverPanic() { _ = recover() }
