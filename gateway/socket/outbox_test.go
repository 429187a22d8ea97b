package socket

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// fill writes to a client that doesn't read until nothing more is accepted. It returns
// how many frames were, and the count of those that have been written since.
func fill(t *testing.T, c *Conn, frame []byte) (accepted int64, written *atomic.Int64) {
	t.Helper()
	written = &atomic.Int64{}
	for full := 0; full < 2; {
		err := c.WriteThen(frame, func(err error) {
			if err == nil {
				written.Add(1)
			}
		})
		if err != nil {
			// It is full to the end when a while later it still is.
			require.ErrorIs(t, err, ErrFull)
			time.Sleep(50 * time.Millisecond)
			full++
			continue
		}
		accepted, full = accepted+1, 0
		require.Less(t, accepted, int64(100_000), "it must be full by now")
	}
	return accepted, written
}

// What a slow client has no room for isn't written; what was accepted is, in order, as
// soon as the client reads.
func TestASlowClient(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, Limits{})
			client, c, _ := f.dial()
			long := strings.Repeat("x", 10_000)
			accepted, written := fill(t, c, Frame([]byte(long)))
			require.GreaterOrEqual(t, f.hub.Counters.Overflowed.Load(), int64(2))
			require.Less(t, written.Load(), accepted, "some wait")
			c.mu.Lock()
			require.LessOrEqual(t, c.size, maxWaiting)
			c.mu.Unlock()
			require.NoError(t, c.pong("ignored"), "no pong either")

			for range accepted {
				_, text, err := client.ReadMessage()
				require.NoError(t, err)
				require.Equal(t, long, string(text))
			}
			require.Eventually(t, func() bool { return written.Load() == accepted }, timeout, time.Millisecond)
			require.NoError(t, c.Write(Frame([]byte("next"))))
			_, text, err := client.ReadMessage()
			require.NoError(t, err)
			require.Equal(t, "next", string(text))
			require.Eventually(t, func() bool { return f.hub.Counters.FramesOut.Load() == accepted+1 }, timeout, time.Millisecond)
			require.Zero(t, f.hub.Counters.Stuck.Load())
		})
	}
}

// The close frame comes after everything that was accepted.
func TestACloseFrameIsTheLast(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, c, o := f.dial()
	accepted, _ := fill(t, c, Frame(make([]byte, 10_000)))
	c.Close(websocket.CloseGoingAway, "Going away")
	require.ErrorIs(t, c.Write(Frame(nil)), ErrClosed)
	for range accepted {
		_, _, err := client.ReadMessage()
		require.NoError(t, err)
	}
	requireClose(t, client, websocket.CloseGoingAway, "Going away")
	wait(t, o.closed)
}

// While nothing waits, a connection holds no buffer for writing.
func TestAnIdleConnectionHoldsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, c, _ := f.dial()
	accepted, _ := fill(t, c, Frame(make([]byte, 10_000)))
	for range accepted {
		_, _, err := client.ReadMessage()
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.waiting == nil && c.size == 0
	}, timeout, time.Millisecond)
}

// However soon a frame follows the one before, one goroutine writes both, in their order.
func TestFramesFollowOneAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, c, _ := f.dial()
	c.raw = nil // so that each frame waits
	const rounds, each = 200, 5
	go func() {
		for i := range rounds {
			done := make(chan struct{})
			frame := func(k int) []byte { return Frame([]byte(strconv.Itoa(i*each + k))) }
			_ = c.WriteThen(frame(0), func(error) { // nothing waits now
				for k := range each - 1 {
					_ = c.Write(frame(k + 1))
				}
				close(done)
			})
			<-done
		}
	}()
	for i := range rounds * each {
		_, text, err := client.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(i), string(text))
	}
}
