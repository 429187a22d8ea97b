package apigw

import (
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// The client gets an error frame however an integration fails, and the connection
// stays open.
func TestAFailingIntegration(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	for _, text := range []string{"fail", "panic"} {
		send(t, conn, text)
		frame := receive(t, conn)
		require.Equal(t, "Internal server error", gjson.Get(frame, "message").Str)
		require.Equal(t, id, gjson.Get(frame, "connectionId").Str)
	}
	send(t, conn, "work")
	require.Equal(t, "did work", receive(t, conn))
	require.NoError(t, conn.Close())
	require.Equal(t, id, <-f.integration.disconnected)
	require.EqualValues(t, 2, f.gateway.Hub.Counters.Errors.Load())
	require.EqualValues(t, 3, f.gateway.Hub.Counters.FramesIn.Load())
	require.EqualValues(t, 3, f.gateway.Hub.Counters.FramesOut.Load())
}

func TestASlowIntegration(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{IntegrationTimeout: time.Millisecond})
	conn, _ := f.dial()
	send(t, conn, "wait")
	require.Equal(t, "Endpoint request timed out", gjson.Get(receive(t, conn), "message").Str)
	close(f.integration.goOn)
	require.Equal(t, "did wait", receive(t, conn), "it goes on nevertheless")
}

// No error frame follows when the time has passed after the integration returned.
func TestAnIntegrationInTime(t *testing.T) {
	t.Parallel()
	const long = 2 * time.Second
	f := newFixture(t, Config{IntegrationTimeout: long})
	conn, _ := f.dial()
	send(t, conn, "work")
	require.Equal(t, "did work", receive(t, conn))
	time.Sleep(long + 50*time.Millisecond)
	require.Zero(t, f.gateway.Hub.Counters.Errors.Load())
}

// Messages are handled at the same time if the gateway is told so: the second doesn't wait
// for the first.
func TestConcurrentMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Concurrent: true})
	conn, id := f.dial()
	send(t, conn, "until it has left")
	send(t, conn, "work")
	for receive(t, conn) != "did work" { // the first message posts empty ones
		require.Empty(t, f.integration.disconnected)
	}
	require.NoError(t, conn.Close())
	require.Equal(t, id, <-f.integration.disconnected)
	require.Equal(t, []string{"connect", "work", "until it has left", "disconnect"}, f.integration.logged())
}

// Messages that are rejected are answered with each error frame, and not handled.
func TestRejectedMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	for _, message := range fault.ErrorMessages() {
		f.fault(`{"reject": "` + message + `:1"}`)
		send(t, conn, "work")
		frame := receive(t, conn)
		require.Equal(t, message, gjson.Get(frame, "message").Str)
		require.Equal(t, id, gjson.Get(frame, "connectionId").Str)
		require.True(t, gjson.Get(frame, "requestId").Exists() != (message == badRequest), frame)
		require.Equal(t, message == badRequest, gjson.Get(frame, "messageId").Exists())
	}
	require.Equal(t, []string{"connect"}, f.integration.logged())
	written := int64(len(fault.ErrorMessages()))
	require.Eventually(t, func() bool { return f.gateway.Hub.Counters.Errors.Load() == written }, timeout, time.Millisecond)
}

func TestAMessageWithoutARoute(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	send(t, conn, "no route")
	frame := receive(t, conn)
	require.Equal(t, "Forbidden", gjson.Get(frame, "message").Str)
	require.Equal(t, id, gjson.Get(frame, "connectionId").Str)
}

// Nothing can be posted to a connection that has left, but $disconnect waits for
// the messages that came before.
func TestOrderOfLeaving(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	send(t, conn, "until it has left")
	send(t, conn, "next")
	require.Eventually(t, func() bool { return f.gateway.Hub.Counters.FramesIn.Load() == 2 }, timeout, time.Millisecond)
	require.NoError(t, conn.Close())
	require.Equal(t, id, <-f.integration.disconnected)
	require.Equal(t, []string{"connect", "until it has left", "next", "disconnect"}, f.integration.logged())
	_, open := f.gateway.lookup(id)
	require.False(t, open)
}

// What is on its way to a connection that leaves is gone, not failed.
func TestDeliveriesToALeaverAreGone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes two seconds")
	}
	f := newFixture(t, Config{})
	f.fault(`{"delay": "2s"}`)
	conn, id := f.dial()
	post, err := f.gateway.Broadcast("", []byte("x"), 1)
	require.NoError(t, err)
	require.NoError(t, post(id))
	require.NoError(t, conn.Close())
	counts := func() truth.Counts { return f.gateway.Tally.Report().Totals.Counts }
	require.Eventually(t, func() bool { return counts().Pending == 0 }, timeout, time.Millisecond)
	require.Equal(t, truth.Counts{Audience: 1, Gone: 1}, counts())
}
