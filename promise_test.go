package pushgw

import (
	"context"
	"errors"
	"testing"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"
)

// promised runs a script in which work() returns a promise of work.
func promised(t *testing.T, script string, work func(ctx context.Context, v *vu) (any, error)) (v *vu, result any) {
	t.Helper()
	simulate(t, nil, func(w *world) {
		v = w.vu()
		require.NoError(w, v.VU.Runtime().Set("work", func() *sobek.Promise {
			return newPromise(v.VU, func(ctx context.Context) (any, error) { return work(ctx, v) })
		}))
		result = v.run(script)
	})
	return v, result
}

func TestPromiseResolves(t *testing.T) {
	t.Parallel()
	_, result := promised(t, `return await work();`, func(context.Context, *vu) (any, error) { return "value", nil })
	require.Equal(t, "value", result)
}

// What can only be made on the event loop is made there, when the work is done.
func TestPromiseOfAnObject(t *testing.T) {
	t.Parallel()
	_, result := promised(t, `const o = await work(); return o.a;`, func(_ context.Context, v *vu) (any, error) {
		return onLoop(func() sobek.Value {
			object := v.VU.Runtime().NewObject()
			require.NoError(t, object.Set("a", 5))
			return object
		}), nil
	})
	require.EqualValues(t, 5, result)
}

func TestPromiseRejects(t *testing.T) {
	t.Parallel()
	for message, work := range map[string]func(context.Context, *vu) (any, error){
		"InternalError: panic: as it was told to": func(context.Context, *vu) (any, error) { panic("as it was told to") },
		"InternalError: failed":                   func(context.Context, *vu) (any, error) { return "value", errors.New("failed") },
		"ClosedError: the iteration was stopped": func(ctx context.Context, v *vu) (any, error) {
			v.CancelContext()
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		_, result := promised(t, `const { name, message } = await caught(work); return name + ': ' + message;`, work)
		require.Equal(t, message, result)
	}
}

func TestPanicsAreDropped(t *testing.T) {
	t.Parallel()
	require.NotPanics(t, func() {
		defer recoverPanic()
		panic("as it was told to")
	})
}
