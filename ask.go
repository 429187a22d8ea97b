package pushgw

import (
	"context"
)

// eventLoopKey is the context's key for the task queue of the promise under way.
type eventLoopKey struct{}

// askScript runs ask, which may call the script's functions, on the event loop and returns
// what it returns. The context is the one that newPromise gives to its work.
func askScript[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type reply struct {
		value T
		err   error
	}
	replies := make(chan reply, 1)
	loop, _ := ctx.Value(eventLoopKey{}).(*taskQueue)
	if loop == nil {
		var none T
		return none, scriptErrorf(nameInternalError, "the script can't be asked: there is no event loop")
	}
	loop.add(func() error {
		var r reply
		// What the script returned may run more of the script when it is looked at, and
		// what that throws is a panic here.
		_, r.err = recoverToError(func() (any, error) {
			var err error
			r.value, err = ask()
			return nil, err
		})
		replies <- r
		return nil
	})
	select {
	case r := <-replies:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
