package chat

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
	"github.com/stretchr/testify/require"
)

func TestABroadcastSkipsClosedConnections(t *testing.T) {
	t.Parallel()
	for _, fanout := range []int{0, 1, 2, 7, 100} {
		t.Run(strconv.Itoa(fanout), func(t *testing.T) {
			t.Parallel()
			a, p := newApp(t, Config{Fanout: fanout, PostTime: time.Microsecond})
			p.fails["ann"] = apigw.ErrGone
			require.NoError(t, a.Default("cat", "/join R"))
			require.NoError(t, a.Default("bob", "hello"))
			require.Equal(t, "Bob: hello", p.to["bob"][0])
			require.Equal(t, "Bob: hello", p.to["cat"][1])
			p.fails["ann"] = nil
			require.NoError(t, a.Default("bob", "again"))
			require.Empty(t, p.to["ann"], "it was taken out of the room")
		})
	}
}

// The texts of one sender stay in order, however many posts run at the same time.
func TestFannedOutBroadcastsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	const members, texts = 40, 50
	a, p, ids := inRoom(t, Config{Fanout: 8}, members)
	var want []string
	for i := range texts {
		text := strconv.Itoa(i)
		require.NoError(t, a.Default(ids[0], text))
		want = append(want, "N: "+text)
	}
	require.Len(t, p.to, members)
	for _, got := range p.to {
		require.Equal(t, want, got)
	}
}

// Every post waits until as many run as may, so none would return if fewer did.
func TestFanoutIsHowManyPostsRun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ fanout, members, running int }{
		{0, 3, 1}, {1, 3, 1}, {2, 4, 2}, {3, 9, 3}, {9, 4, 4},
	} {
		t.Run(fmt.Sprintf("%d of %d", row.fanout, row.members), func(t *testing.T) {
			t.Parallel()
			a, p, ids := inRoom(t, Config{Fanout: row.fanout}, row.members)
			var running, highest atomic.Int64
			var together sync.WaitGroup
			together.Add(row.running)
			var first atomic.Int64
			p.post = func() {
				n := running.Add(1)
				for old := highest.Load(); n > old && !highest.CompareAndSwap(old, n); old = highest.Load() {
				}
				if first.Add(1) <= int64(row.running) {
					together.Done()
					together.Wait()
				}
				running.Add(-1)
			}
			require.NoError(t, within(t, func() error { return a.Default(ids[0], "hello") }))
			require.EqualValues(t, row.running, highest.Load())
			require.Len(t, p.to, row.members)
			for _, got := range p.to {
				require.Equal(t, []string{"N: hello"}, got)
			}
		})
	}
}

func TestAFailedPostIsReturnedFromAnyPart(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for i := range 6 {
		a, p, ids := inRoom(t, Config{Fanout: 3}, 6)
		p.fails[ids[i]] = broken
		require.ErrorIs(t, a.Default(ids[0], "hello"), broken)
		require.Len(t, p.to, 5, "the others get it")
	}
}

func TestEachPostTakesItsTime(t *testing.T) {
	t.Parallel()
	const postTime = 5 * time.Millisecond
	for _, members := range []int{1, 4} {
		a, _, ids := inRoom(t, Config{PostTime: postTime}, members)
		begin := time.Now()
		require.NoError(t, a.Default(ids[0], "hello"))
		require.GreaterOrEqual(t, time.Since(begin), time.Duration(members)*postTime)
	}
}

func TestStopEndsTheTimeOfPosts(t *testing.T) {
	t.Parallel()
	a, p, ids := inRoom(t, Config{PostTime: time.Hour, Fanout: 2}, 6)
	done := make(chan error, 1)
	go func() { done <- a.Default(ids[0], "hello") }()
	a.Stop()
	require.NoError(t, within(t, func() error { return <-done }))
	require.Len(t, p.to, 6, "all get it nevertheless")
}
