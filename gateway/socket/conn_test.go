package socket

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

func TestMessagesAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, c, o := f.dial()
	for _, text := range []string{"one", "", strings.Repeat("x", 1<<10)} {
		require.NoError(t, client.WriteMessage(websocket.TextMessage, []byte(text)))
	}
	require.NoError(t, client.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(timeout)))
	require.NoError(t, c.Write(Frame([]byte("two"))))
	require.NoError(t, c.WriteError(Frame([]byte("three"))))
	for _, want := range []string{"two", "three"} {
		_, text, err := client.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	require.NoError(t, client.Close())
	wait(t, o.closed)
	require.Equal(t, []string{"one", "", strings.Repeat("x", 1<<10)}, o.received())
	require.EqualValues(t, 3, f.hub.Counters.FramesIn.Load(), "a ping is no message")
	require.EqualValues(t, 2, f.hub.Counters.FramesOut.Load())
	require.EqualValues(t, 1, f.hub.Counters.Errors.Load())
}

// Each of these counts as activity, so that a connection isn't idle.
func TestActivity(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(client *websocket.Conn, c *Conn) error{
		"a message to the client": func(_ *websocket.Conn, c *Conn) error { return c.Write(Frame([]byte("x"))) },
		"a message from the client": func(client *websocket.Conn, _ *Conn) error {
			return client.WriteMessage(websocket.TextMessage, []byte("x"))
		},
		"a ping": func(client *websocket.Conn, _ *Conn) error {
			return client.WriteControl(websocket.PingMessage, nil, time.Now().Add(timeout))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Limits{})
			client, c, _ := f.dial()
			require.WithinRange(t, c.LastActive(), c.Opened.Add(-time.Millisecond), time.Now())
			c.active.Store(0)
			require.NoError(t, act(client, c))
			require.Eventually(t, func() bool { return !c.LastActive().Before(c.Opened.Truncate(time.Millisecond)) }, timeout, time.Millisecond)
		})
	}
}

func TestPingsAreAnswered(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, _, _ := f.dial()
	pong := make(chan string, 1)
	client.SetPongHandler(func(payload string) error { pong <- payload; return nil })
	require.NoError(t, client.WriteControl(websocket.PingMessage, []byte("payload"), time.Now().Add(timeout)))
	go func() { _, _, _ = client.ReadMessage() }()
	require.Equal(t, "payload", <-pong)
}

// Only a write that took too long makes a client count as stuck.
func TestFailedWrites(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		write time.Duration
		reset bool
		stuck int64
	}{
		"a client that doesn't read": {20 * time.Millisecond, false, 1},
		"a client that has left":     {time.Minute, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Limits{Write: row.write})
			client, c, o := f.dial()
			if row.reset {
				reset(t, client)
			}
			frame := Frame(make([]byte, 1<<20))
			var written, failed atomic.Int64
			for err := error(nil); !errors.Is(err, ErrClosed); err = c.WriteThen(frame, func(err error) {
				if err == nil {
					written.Add(1)
				} else {
					failed.Add(1)
				}
			}) {
				require.Less(t, written.Load(), int64(1000), "a write must fail by now")
			}
			wait(t, o.closed)
			require.Equal(t, row.stuck, f.hub.Counters.Stuck.Load())
			f.hub.Close() // after which nothing more is told
			require.Equal(t, written.Load(), f.hub.Counters.FramesOut.Load())
			require.GreaterOrEqual(t, failed.Load(), row.stuck, "the one that waited")
			require.ErrorIs(t, c.Write(frame), ErrClosed)
			require.ErrorIs(t, c.WriteError(frame), ErrClosed)
			require.Zero(t, f.hub.Counters.Errors.Load(), "an error frame that wasn't written is none")
			require.Equal(t, row.stuck, f.hub.Counters.Stuck.Load(), "it is counted once")
			require.Equal(t, written.Load(), f.hub.Counters.FramesOut.Load())
		})
	}
}

func TestCutEndsAWriteThatIsStuck(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{Write: time.Hour})
	_, c, o := f.dial()
	failed := make(chan error, 1)
	require.NoError(t, c.WriteThen(Frame(make([]byte, 64<<20)), func(err error) { failed <- err }))
	c.Cut()
	require.Error(t, <-failed)
	wait(t, o.closed)
	require.Zero(t, f.hub.Counters.Stuck.Load(), "its time had not passed")
}

func TestCutWritesNoCloseFrame(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, c, o := f.dial()
	c.Cut()
	_, _, err := client.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseAbnormalClosure), "%v", err)
	wait(t, o.closed)
	require.ErrorIs(t, c.Write(Frame(nil)), ErrClosed)
}

// The client may still send after it got a close frame, until it answers it.
func TestMessagesAfterACloseFrameAreIgnored(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, c, o := f.dial()
	client.SetCloseHandler(func(int, string) error { return nil }) // don't answer it yet
	c.Close(4000, "reason")
	c.Close(4001, "another")
	require.ErrorIs(t, c.Write(Frame(nil)), ErrClosed)
	requireClose(t, client, 4000, "reason")
	require.NoError(t, client.WriteMessage(websocket.TextMessage, []byte("late")))
	require.NoError(t, client.WriteControl(websocket.PingMessage, nil, time.Now().Add(timeout)))
	select {
	case <-o.closed:
		require.Fail(t, "it must wait for the client's close frame")
	case <-time.After(50 * time.Millisecond):
	}
	answer := websocket.FormatCloseMessage(4000, "")
	require.NoError(t, client.WriteControl(websocket.CloseMessage, answer, time.Now().Add(timeout)))
	wait(t, o.closed)
	require.Empty(t, o.received())
	require.Zero(t, f.hub.Counters.FramesIn.Load())
}

func TestACloseFrameThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes two seconds")
	}
	f := newFixture(t, Limits{})
	_, c, o := f.dial()
	begin := time.Now()
	c.Close(websocket.CloseGoingAway, "")
	wait(t, o.closed)
	require.GreaterOrEqual(t, time.Since(begin), closeTimeout)
}

// The client gets the close frame even though it goes on to send.
func TestMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ kind, length, code int }{
		"too long":       {websocket.TextMessage, 1<<10 + 1, websocket.CloseMessageTooBig},
		"much too long":  {websocket.TextMessage, 8 << 20, websocket.CloseMessageTooBig},
		"binary":         {websocket.BinaryMessage, 10, websocket.CloseUnsupportedData},
		"empty binary":   {websocket.BinaryMessage, 0, websocket.CloseUnsupportedData},
		"no close code":  {websocket.CloseMessage, 0, websocket.CloseNoStatusReceived},
		"a close reason": {0, 0, 4321},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Limits{})
			client, _, o := f.dial()
			if row.kind == 0 {
				answer := websocket.FormatCloseMessage(row.code, "reason")
				require.NoError(t, client.WriteControl(websocket.CloseMessage, answer, time.Now().Add(timeout)))
			} else {
				require.NoError(t, client.WriteMessage(row.kind, make([]byte, row.length)))
			}
			requireClose(t, client, row.code, "")
			require.NoError(t, client.Close())
			wait(t, o.closed)
			require.Empty(t, o.received())
			require.Zero(t, f.hub.Counters.FramesIn.Load())
		})
	}
}
