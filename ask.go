package pushgw

import (
	"context"
	"errors"

	"github.com/grafana/sobek"
)

// eventLoopKey is the context's key for the task queue of the promise under way.
type eventLoopKey struct{}

// unansweredError is that of a function that didn't answer in time; the text names it.
type unansweredError string

func (f unansweredError) Error() string {
	return string(f) + " did not answer within the client's timeout"
}

// Unwrap tells those who set a deadline of their own that it has passed.
func (unansweredError) Unwrap() error { return context.DeadlineExceeded }

// askScript calls a function of the script's on the event loop, waits for what it returns,
// which may be a promise, and returns what read makes of that. The context, which bounds the
// waiting, is the one that newPromise gives to its work. Name is what errors call the function.
func askScript[T any](ctx context.Context, name string, call func(*sobek.Runtime) (sobek.Value, error), read func(*sobek.Runtime, sobek.Value) (T, error)) (T, error) {
	type reply struct {
		value T
		err   error
	}
	var none T
	loop, _ := ctx.Value(eventLoopKey{}).(*taskQueue)
	if loop == nil {
		return none, scriptErrorf(nameInternalError, "the script can't be asked: there is no event loop")
	}
	replies := make(chan reply, 1)
	loop.add(func() error {
		rt := loop.vu.Runtime()
		answer := func(value sobek.Value, err error) {
			r := reply{err: err}
			if err == nil {
				// What the script returned may run more of the script when it is looked at, and
				// what that throws is a panic here.
				_, r.err = recoverToError(func() (any, error) {
					var err error
					r.value, err = read(rt, value)
					return nil, err
				})
			}
			replies <- r
		}
		if _, err := recoverToError(func() (any, error) {
			returned, err := call(rt)
			if err != nil {
				return nil, err
			}
			return nil, await(rt, returned, answer)
		}); err != nil {
			answer(nil, err)
		}
		return nil
	})
	select {
	case r := <-replies:
		return r.value, r.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return none, unansweredError(name)
		}
		return none, ctx.Err()
	}
}

// await calls answer with a value, if that is a promise when it has settled. It is called on
// the event loop, as answer is. If it fails, answer isn't called.
func await(rt *sobek.Runtime, value sobek.Value, answer func(sobek.Value, error)) error {
	if _, isPromise := value.Export().(*sobek.Promise); !isPromise {
		answer(value, nil)
		return nil
	}
	then, ok := sobek.AssertFunction(value.ToObject(rt).Get("then"))
	if !ok {
		return scriptErrorf(nameUsageError, "a promise without then()")
	}
	_, err := then(value,
		rt.ToValue(func(result sobek.Value) { answer(result, nil) }),
		rt.ToValue(func(reason sobek.Value) { answer(nil, rejection(reason)) }))
	return err
}

// rejection is what a promise was rejected with, as an error. Package fmt survives what a
// toString() of the script's throws.
func rejection(reason sobek.Value) error {
	return scriptErrorf(nameUsageError, "%s", reason)
}
