package fault

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// timetable calls functions later: any number of them, in one goroutine, in the
// order they are due. Those due at the same time are called in the order in
// which they were scheduled.
type timetable struct {
	mu    sync.Mutex
	space sync.Cond // there may be less than maxScheduled
	due   entries
	order uint64
	ended bool
	wake  chan struct{} // the first entry has changed
}

type entry struct {
	at    time.Time
	order uint64
	do    func()
}

// maxScheduled is how many functions may be scheduled. When there are as many,
// after waits.
const maxScheduled = 1 << 20

func newTimetable() *timetable {
	t := &timetable{wake: make(chan struct{}, 1)}
	t.space.L = &t.mu
	return t
}

// after schedules a function. It waits while too many are scheduled, so it must
// not be called by a function that the timetable calls.
func (t *timetable) after(wait time.Duration, do func()) {
	t.mu.Lock()
	for len(t.due) >= maxScheduled && !t.ended {
		t.space.Wait()
	}
	t.mu.Unlock()
	t.soon(wait, do)
}

// soon schedules a function without waiting for space. It is for those of which
// there can be only as many as connections.
func (t *timetable) soon(wait time.Duration, do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order++
	added := entry{time.Now().Add(wait), t.order, do}
	heap.Push(&t.due, added)
	if t.due[0].order == added.order {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// run calls what is due until ctx ends. What is still scheduled then is never
// called.
func (t *timetable) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			t.mu.Lock()
			t.ended = true
			t.space.Broadcast()
			t.mu.Unlock()
			return
		case <-t.wake:
		case <-timer.C:
		}
		for do := t.next(timer); do != nil && ctx.Err() == nil; do = t.next(timer) {
			do()
		}
	}
}

// next takes the first function that is due out of the timetable. If none is, it
// returns nil and sets the timer to when the first will be.
func (t *timetable) next(timer *time.Timer) func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.due) == 0 {
		return nil
	}
	if wait := time.Until(t.due[0].at); wait > 0 {
		timer.Reset(wait)
		return nil
	}
	first, _ := heap.Pop(&t.due).(entry)
	t.space.Signal()
	return first.do
}

// entries is a heap with the earliest entry first.
type entries []entry

func (e entries) Len() int      { return len(e) }
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e entries) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].order < e[j].order
	}
	return e[i].at.Before(e[j].at)
}

// Push is called by package heap.
func (e *entries) Push(x any) { *e = append(*e, x.(entry)) }

// Pop is called by package heap.
func (e *entries) Pop() any {
	last := len(*e) - 1
	popped := (*e)[last]
	(*e)[last] = entry{}
	*e = (*e)[:last]
	return popped
}
