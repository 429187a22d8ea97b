package pushgw

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// Work asks the script on the event loop, as often as it likes, and gets what it is told.
func TestAskScript(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		refused := errors.New("refused")
		require.NoError(w, v.VU.Runtime().Set("work", func() any {
			return newPromise(v.VU, func(ctx context.Context) (any, error) {
				for range 3 {
					if _, err := askScript(ctx, func() (any, error) { return v.VU.Runtime().RunString("asked++") }); err != nil {
						return nil, err
					}
				}
				_, err := askScript(ctx, func() (int, error) { return 0, refused })
				require.ErrorIs(t, err, refused)
				return "done", nil
			})
		}))
		require.Equal(w, []any{"done", int64(3)}, v.run(`globalThis.asked = 0; return [await work(), asked]`))
	})
}

// An iteration that has ended answers nothing.
func TestAskScriptThatHasEnded(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), eventLoopKey{}, newTaskQueue(v.VU)))
		cancel()
		_, err := askScript(ctx, func() (int, error) { return 1, nil })
		require.ErrorIs(w, err, context.Canceled)
		ctx.Value(eventLoopKey{}).(*taskQueue).close()
		_, err = askScript(context.Background(), func() (int, error) { return 1, nil })
		require.ErrorContains(w, err, "no event loop")
	})
}
