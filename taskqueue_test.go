package pushgw

import (
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// queueing runs an iteration in which f, on a goroutine of its own, uses a queue. While it
// runs, the script counts the turns of its event loop in the variable turns.
func queueing(t *testing.T, script string, f func(w *world, q *taskQueue)) (err error) {
	t.Helper()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("begin", func() {
			q := newTaskQueue(v.VU)
			go f(w, q)
		}))
		_, err = v.try(script)
	})
	return err
}

// Tasks run in order, and those that were added before the queue was closed all do.
func TestTaskQueueKeepsOrder(t *testing.T) {
	t.Parallel()
	var order []int
	err := queueing(t, `begin();`, func(_ *world, q *taskQueue) {
		for i := range 5 {
			q.add(func() error { order = append(order, i); return nil })
		}
		q.close()
		q.add(func() error { order = append(order, -1); return nil })
	})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 3, 4}, order)
}

// The iteration goes on until the queue is closed, however long nothing is added.
func TestTaskQueueHoldsTheIteration(t *testing.T) {
	t.Parallel()
	ran := false
	err := queueing(t, `begin();`, func(_ *world, q *taskQueue) {
		time.Sleep(time.Hour)
		q.add(func() error { ran = true; return nil })
		time.Sleep(time.Hour)
		q.close()
	})
	require.NoError(t, err)
	require.True(t, ran)
}

// A full queue holds up whoever adds to it, until there is space or it is closed.
func TestTaskQueueIsBounded(t *testing.T) {
	t.Parallel()
	const more = 10
	simulate(t, nil, func(w *world) {
		v := w.vu()
		var added, ran atomic.Int64
		require.NoError(w, v.VU.Runtime().Set("begin", func() {
			q := newTaskQueue(v.VU)
			full := make(chan struct{})
			go func() {
				for range maxTasks + more {
					q.add(func() error { ran.Add(1); return nil })
					if added.Add(1) == maxTasks {
						close(full)
					}
				}
				q.close()
			}()
			<-full // this goroutine is the event loop, which runs nothing meanwhile
			synctest.Wait()
			require.EqualValues(w, maxTasks, added.Load())
			require.Zero(w, ran.Load())
		}))
		v.run(`begin();`)
		require.EqualValues(w, maxTasks+more, ran.Load())
	})
}

func TestTaskQueueThatIsClosedHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		ran, given := 0, make(chan struct{})
		require.NoError(w, v.VU.Runtime().Set("begin", func() {
			q := newTaskQueue(v.VU)
			for range maxTasks {
				q.add(func() error { ran++; return nil })
			}
			q.close()
			go func() {
				q.add(func() error { ran++; return nil })
				close(given)
			}()
			<-given
		}))
		v.run(`begin();`)
		require.Equal(w, maxTasks, ran)
	})
}

// Between two tasks the loop does whatever else there was to do when the first of them
// began: the second is in line by then.
func TestTaskQueueTakesTurns(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		var order []string
		require.NoError(w, v.VU.Runtime().Set("begin", func() {
			q := newTaskQueue(v.VU)
			for i := range 3 {
				q.add(func() error {
					order = append(order, strconv.Itoa(i))
					v.VU.RegisterCallback()(func() error { order = append(order, "else"); return nil })
					return nil
				})
			}
			q.close()
		}))
		v.run(`begin();`)
		require.Equal(w, []string{"0", "1", "else", "2", "else", "else"}, order)
	})
}

// A handler that fails ends the iteration.
func TestTaskQueueWhoseTaskFails(t *testing.T) {
	t.Parallel()
	err := queueing(t, `begin();`, func(_ *world, q *taskQueue) {
		q.add(func() error { return errors.New("as it was told to") })
		q.close()
	})
	require.EqualError(t, err, "in a handler: as it was told to")
}
