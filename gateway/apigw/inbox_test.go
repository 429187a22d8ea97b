package apigw

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// More work than may wait is done in order, by goroutines that end afterwards.
func TestInboxWorksInOrder(t *testing.T) {
	t.Parallel()
	const calls = 50 * maxInbox
	var b inbox
	var running sync.WaitGroup
	start := func(f func()) { running.Go(f) }
	var got []int
	for i := range calls {
		b.do(1, start, func() { got = append(got, i) })
	}
	running.Wait()
	require.Len(t, got, calls)
	require.IsIncreasing(t, got)
	require.Zero(t, b.busy)
}

func TestInboxMakesTheReaderWait(t *testing.T) {
	t.Parallel()
	var b inbox
	var running sync.WaitGroup
	start := func(f func()) { running.Go(f) }
	begun, goOn := make(chan struct{}), make(chan struct{})
	b.do(1, start, func() { close(begun); <-goOn })
	<-begun
	for range maxInbox {
		b.do(1, start, func() {})
	}
	more := make(chan struct{})
	go func() {
		b.do(1, start, func() {})
		close(more)
	}()
	select {
	case <-more:
		t.Fatal("there was no space")
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	<-more
	running.Wait()
}

// Several workers work at the same time, and waiting ends after all.
func TestInboxWithSeveralWorkers(t *testing.T) {
	t.Parallel()
	var b inbox
	var running sync.WaitGroup
	start := func(f func()) { running.Go(f) }
	var met sync.WaitGroup
	met.Add(maxInbox)
	var done atomic.Int64
	for range maxInbox {
		b.do(maxInbox, start, func() {
			met.Done()
			met.Wait() // each waits for all others
			done.Add(1)
		})
	}
	b.wait()
	require.EqualValues(t, maxInbox, done.Load())
	running.Wait()
	require.Zero(t, b.busy)
}
