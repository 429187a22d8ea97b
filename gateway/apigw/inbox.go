package apigw

import "sync"

// inbox does a connection's work in order, in a goroutine that exists only
// while there is work. The reading goroutine is left free to answer pings and
// to see a close, however long a broadcast takes.
type inbox struct {
	mu   sync.Mutex
	work chan func() // nil while nobody works
}

// waiting is how many messages of a connection may wait. Then reading waits.
const waiting = 16

// do has work done after all that came before it.
func (b *inbox) do(start func(func()), work func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.work == nil {
		b.work = make(chan func(), waiting)
		queue := b.work
		start(func() { b.run(queue) })
	}
	b.work <- work
}

// run works until nothing is left. It takes the lock only when the queue looks
// empty, so one who holds it and waits for space always gets some.
func (b *inbox) run(queue chan func()) {
	for {
		select {
		case work := <-queue:
			work()
			continue
		default:
		}
		b.mu.Lock()
		if len(queue) == 0 {
			b.work = nil
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
	}
}
