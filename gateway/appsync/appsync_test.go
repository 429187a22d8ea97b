package appsync

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// A connection is closed when it is old, however much passes on it.
func TestOldConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Lifetime: 30 * time.Millisecond, KeepAlive: time.Millisecond})
	requireClose(t, f.dial(), websocket.CloseGoingAway)
}

func TestConnectionsAreNeverIdle(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Lifetime: time.Hour, KeepAlive: 50 * time.Millisecond})
	f.fault(`{"stopKeepAlive": true}`)
	conn := f.dial()
	time.Sleep(200 * time.Millisecond)
	f.subscribe(conn, "1", anyRoom)
}

func TestMessagesFromClientsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	send(t, conn, string(make([]byte, maxMessage)))
	require.Contains(t, receive(t, conn), "UnsupportedOperation")
	send(t, conn, string(make([]byte, maxMessage+1)))
	requireClose(t, conn, websocket.CloseMessageTooBig)
}

// A client that doesn't read is cut after the time that a write may take.
func TestAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Write: 200 * time.Millisecond})
	f.subscribe(f.dial(), "1", anyRoom)
	title := string(make([]byte, 10_000))
	for published := 0; f.gateway.Hub.Counters.Stuck.Load() == 0; published++ {
		require.Less(t, published, 10_000, "it must be stuck by now")
		f.publish(title)
		time.Sleep(time.Millisecond)
	}
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Stuck.Load())
	require.Eventually(t, func() bool { return f.gateway.Ready.Load() == 0 }, timeout, time.Millisecond)
	require.Eventually(t, func() bool { return f.gateway.Tally.Report().Totals.Pending == 0 }, timeout, time.Millisecond)
	totals := f.gateway.Tally.Report().Totals
	require.Positive(t, totals.Failed)
	require.Equal(t, f.gateway.Hub.Counters.Overflowed.Load(), totals.Dropped)
	require.Equal(t, totals.Audience, totals.Delivered+totals.Dropped+totals.Failed+totals.Gone)
}
