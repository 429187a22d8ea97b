package pushgw

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"
)

// exported reads whatever there is.
func exported(_ *sobek.Runtime, value sobek.Value) (any, error) { return value.Export(), nil }

// ask asks the script for the value of an expression.
func ask(ctx context.Context, expression string) (any, error) {
	return askScript(ctx, "the function", func(rt *sobek.Runtime) (sobek.Value, error) { return rt.RunString(expression) }, exported)
}

// Work asks the script on the event loop, as often as it likes, and gets what it is told.
func TestAskScript(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("work", func() any {
			return newPromise(v.VU, func(ctx context.Context) (any, error) {
				for i := range 3 {
					value, err := ask(ctx, "asked++")
					require.NoError(w, err)
					require.EqualValues(w, i, value)
				}
				return "done", nil
			})
		}))
		require.Equal(w, []any{"done", int64(3)}, v.run(`globalThis.asked = 0; return [await work(), asked]`))
	})
}

// A promise is waited for, while the script goes on.
func TestAskScriptForAPromise(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for expression, want := range map[string]struct {
		value any
		err   string
	}{
		`'at once'`:                                                                {"at once", ""},
		`(async () => 'now')()`:                                                    {"now", ""},
		`sleep(5000).then(() => 'later')`:                                          {"later", ""},
		`sleep(1).then(() => Promise.resolve(5))`:                                  {int64(5), ""},
		`throw new Error('no')`:                                                    {nil, "no"},
		`(async () => { throw new Error('no') })()`:                                {nil, "Error: no"},
		`sleep(1).then(() => { throw 5 })`:                                         {nil, "5"},
		`Promise.reject()`:                                                         {nil, "undefined"},
		`Promise.reject({ toString() { throw new Error('no') } })`:                 {nil, "no"},
		`({ get a() { throw new Error('looked at') } })`:                           {nil, "looked at"},
		`sleep(1).then(() => ({ get a() { throw new Error('looked at') } }))`:      {nil, "looked at"},
		`Object.defineProperty(Promise.resolve(1), 'then', { value: 5 })`:          {nil, "without then()"},
		`Object.defineProperty(Promise.resolve(1), 'then', { get() { throw 5 } })`: {nil, "5"},
	} {
		simulate(t, nil, func(w *world) {
			v := w.vu()
			require.NoError(w, v.VU.Runtime().Set("work", func() any {
				return newPromise(v.VU, func(ctx context.Context) (any, error) {
					value, err := ask(ctx, expression)
					if want.err != "" {
						require.ErrorContains(w, err, want.err, expression)
						return nil, refused
					}
					require.NoError(w, err)
					require.Equal(w, want.value, value, expression)
					return "done", nil
				})
			}))
			f := v.run(`return caught(work)`)
			require.NotEmpty(w, f)
		})
	}
}

// An iteration that has ended answers nothing, nor does a promise that never settles.
func TestAskScriptThatHasEnded(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), eventLoopKey{}, newTaskQueue(v.VU)))
		cancel()
		_, err := ask(ctx, "1")
		require.ErrorIs(w, err, context.Canceled)
		ctx.Value(eventLoopKey{}).(*taskQueue).close()
		_, err = ask(context.Background(), "1")
		require.ErrorContains(w, err, "no event loop")
		require.NoError(w, v.VU.Runtime().Set("work", func() any {
			return newPromise(v.VU, func(ctx context.Context) (any, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				_, err := ask(ctx, "new Promise(() => {})")
				require.ErrorIs(w, err, context.DeadlineExceeded)
				require.EqualError(w, err, "the function did not answer within the client's timeout")
				return "done", nil
			})
		}))
		require.Equal(w, "done", v.run(`return work()`))
	})
}
