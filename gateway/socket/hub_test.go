package socket

import (
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

func TestConnectionsAreNumbered(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	_, first, _ := f.dial()
	_, second, _ := f.dial()
	require.EqualValues(t, 1, first.Number)
	require.EqualValues(t, 2, second.Number)
	require.ElementsMatch(t, []*Conn{first, second}, f.hub.Conns())
}

func TestSubprotocols(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	for offered, chosen := range map[string]string{"one": "one", "two": "two", "three": "", "": ""} {
		var offers []string
		if offered != "" {
			offers = []string{offered}
		}
		client, _, _ := f.dial(offers...)
		require.Equal(t, chosen, client.Subprotocol())
	}
}

// When the owner is called, the connection isn't listed as open any more.
func TestClosedConnectionsAreNotListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	listed := make(chan int, 1)
	f.closed = func(*Conn) { listed <- len(f.hub.Conns()) }
	client, _, o := f.dial()
	require.Len(t, f.hub.Conns(), 1)
	require.NoError(t, client.Close())
	wait(t, o.closed)
	require.Zero(t, <-listed)
}

func TestClose(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{Idle: time.Hour})
	one, _, first := f.dial()
	two, _, second := f.dial()
	var ended atomic.Bool
	f.hub.Go(func() { <-f.hub.Context().Done(); ended.Store(true) })
	closed := make(chan struct{})
	go func() { defer close(closed); f.hub.Close() }()
	requireClose(t, one, websocket.CloseGoingAway, "Going away")
	requireClose(t, two, websocket.CloseGoingAway, "Going away")
	wait(t, closed)
	wait(t, first.closed)
	wait(t, second.closed)
	require.True(t, ended.Load(), "Close waits for the hub's goroutines")
	require.Empty(t, f.hub.Conns())
}

func TestAnUpgradeAfterCloseIsRefused(t *testing.T) {
	t.Parallel()
	hub := NewHub(Limits{})
	hub.Close()
	w := httptest.NewRecorder()
	_, err := hub.Upgrade(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	require.ErrorIs(t, err, ErrClosed)
	require.Zero(t, w.Body.Len(), "nothing has been answered")
	hub.Close()
}

// An upgrade that fails must not make Close wait for a connection.
func TestAFailedUpgradeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	hub := NewHub(Limits{})
	w := httptest.NewRecorder()
	_, err := hub.Upgrade(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	require.Error(t, err)
	require.Zero(t, w.Body.Len(), "nothing has been answered")
	closed := make(chan struct{})
	go func() { defer close(closed); hub.Close() }()
	wait(t, closed)
}

// A connection that is upgraded while the hub is being closed is closed, too, and
// waited for.
func TestAConnectionThatComesDuringClose(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	closed := make(chan struct{})
	f.before = func(*Conn) {
		go func() { defer close(closed); f.hub.Close() }()
		<-f.hub.Context().Done()
	}
	client, _, o := f.dial()
	requireClose(t, client, websocket.CloseGoingAway, "Going away")
	wait(t, o.closed)
	wait(t, closed)
}

func TestCountersAreReset(t *testing.T) {
	t.Parallel()
	var c Counters
	all := []*atomic.Int64{&c.Accepted, &c.Refused, &c.FramesIn, &c.FramesOut, &c.Errors, &c.Stuck, &c.Overflowed}
	for _, n := range all {
		n.Store(1)
	}
	c.Reset()
	for i, n := range all {
		require.Zero(t, n.Load(), i)
	}
}
