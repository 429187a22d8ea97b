package apigw

import (
	"sync"
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
		b.do(start, func() { got = append(got, i) })
	}
	running.Wait()
	require.Len(t, got, calls)
	require.IsIncreasing(t, got)
	require.False(t, b.busy)
}

func TestInboxMakesTheReaderWait(t *testing.T) {
	t.Parallel()
	var b inbox
	var running sync.WaitGroup
	start := func(f func()) { running.Go(f) }
	begun, goOn := make(chan struct{}), make(chan struct{})
	b.do(start, func() { close(begun); <-goOn })
	<-begun
	for range maxInbox {
		b.do(start, func() {})
	}
	more := make(chan struct{})
	go func() {
		b.do(start, func() {})
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
