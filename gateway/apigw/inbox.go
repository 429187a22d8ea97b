package apigw

import "sync"

// inbox does a connection's work, in goroutines that exist only while there is
// work. So the goroutine that reads the connection can answer pings and notice a
// close, however long a broadcast takes.
type inbox struct {
	mu    sync.Mutex
	taken sync.Cond // the queue has become shorter, or fewer work
	queue []func()
	busy  int // goroutines that work
}

// maxInbox is how many messages of a connection may wait. When there are as
// many, reading waits.
const maxInbox = 16

// do queues work, and starts a goroutine for it unless so many are working. One does all
// work in order.
func (b *inbox) do(workers int, start func(func()), work func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken.L = &b.mu
	for len(b.queue) >= maxInbox {
		b.taken.Wait()
	}
	b.queue = append(b.queue, work)
	if b.busy < workers {
		b.busy++
		start(b.run)
	}
}

func (b *inbox) run() {
	for work := b.next(); work != nil; work = b.next() {
		work()
	}
}

// next takes the work that has waited longest out of the queue. It returns nil
// if there is none.
func (b *inbox) next() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.queue = nil
		b.busy--
		b.taken.Signal()
		return nil
	}
	work := b.queue[0]
	b.queue = b.queue[1:]
	b.taken.Signal()
	return work
}

// wait waits until all work has been done.
func (b *inbox) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken.L = &b.mu
	for b.busy > 0 {
		b.taken.Wait()
	}
}
