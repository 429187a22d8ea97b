package fault

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// timetable does things later: any number of them, in one goroutine, in the
// order they are due and, where that is the same, in the order they came.
type timetable struct {
	mu    sync.Mutex
	space sync.Cond // there may be less than crowded
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

// crowded is how many things may wait before whoever adds one must wait, too.
const crowded = 1 << 20

func newTimetable() *timetable {
	t := &timetable{wake: make(chan struct{}, 1)}
	t.space.L = &t.mu
	return t
}

// after has something done when a time has passed. It waits while the
// timetable is crowded, so it must not be called by what the timetable does.
func (t *timetable) after(wait time.Duration, do func()) {
	t.mu.Lock()
	for len(t.due) >= crowded && !t.ended {
		t.space.Wait()
	}
	t.mu.Unlock()
	t.soon(wait, do)
}

// soon is after for those whose number is bounded by the connections.
func (t *timetable) soon(wait time.Duration, do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order++
	mine := entry{time.Now().Add(wait), t.order, do}
	heap.Push(&t.due, mine)
	if t.due[0].order == mine.order {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// run does what is due until ctx ends. What is then still waiting never happens.
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

// next takes the first thing that is due, or sets the timer to when one will be.
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

// entries is a heap, the earliest first.
type entries []entry

func (e entries) Len() int      { return len(e) }
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e entries) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].order < e[j].order
	}
	return e[i].at.Before(e[j].at)
}

func (e *entries) Push(x any) { *e = append(*e, x.(entry)) } // only soon pushes

func (e *entries) Pop() any {
	last := len(*e) - 1
	popped := (*e)[last]
	(*e)[last] = entry{}
	*e = (*e)[:last]
	return popped
}
