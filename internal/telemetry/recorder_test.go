package telemetry

import (
	"bufio"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/lib/types"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// What has been pushed isn't pushed again, and nothing is pushed for nothing.
func TestFlushPushesOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Flush()
	require.Empty(t, f.samples)
	f.Sent()
	f.Ready(time.Millisecond)
	f.Erred("Forbidden")
	f.Flush()
	f.Flush()
	require.Len(t, f.samples, 1, "all samples of a tick are one batch")
	f.Sent()
	require.Equal(t, []tagged{{1, ""}, {1, ""}}, f.flushed("ws_msgs_sent"))
	require.Len(t, f.found("ready_time"), 1)
	require.Len(t, f.found("errors"), 1)
	require.Len(t, f.found("connections"), 2, "one for each batch")
	require.Empty(t, f.found("ws_msgs_received"), "what was not is no sample")
}

// Finish pushes the bytes that k6's dialer has counted.
func TestFinishPushesBytes(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_ = conn.Close()
		}
	}()
	f := newFixture(t)
	dialer := netext.NewDialer(net.Dialer{}, netext.NewResolver(net.LookupIP, 0, types.DNSfirst, types.DNSpreferIPv4))
	f.state.Dialer = dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	_, err = conn.Write([]byte("hello\n"))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	f.Sent()
	f.Finish()
	require.Equal(t, []tagged{{6, ""}}, f.found("data_sent"))
	require.Equal(t, []tagged{{0, ""}}, f.found("data_received"))
	require.Equal(t, []tagged{{1, ""}}, f.found("ws_msgs_sent"))
}

// The bytes are also pushed while a call goes on, but no more than once a second.
func TestBytesArePushedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		dialer := netext.NewDialer(net.Dialer{}, netext.NewResolver(net.LookupIP, 0, types.DNSfirst, types.DNSpreferIPv4))
		f.state.Dialer = dialer
		for range 25 { // ticks
			time.Sleep(100 * time.Millisecond)
			dialer.BytesRead++
			f.Received()
			f.Flush()
		}
		require.Equal(t, []tagged{{10, ""}, {10, ""}}, f.found("data_received"))
	})
}

// After a setup() that failed k6 closes the channel while connections are still open. What
// they have to tell is lost, and that is logged once for the process.
func TestSamplesForAClosedChannel(t *testing.T) {
	t.Parallel()
	process := new(Process)
	f, other := newFixtureOf(t, process, RoleHost), newFixtureOf(t, process, RoleListener)
	for _, r := range []*fixture{f, other} {
		r.state.Dialer = netext.NewDialer(net.Dialer{}, netext.NewResolver(net.LookupIP, 0, types.DNSfirst, types.DNSpreferIPv4))
		close(r.samples)
		require.NotPanics(t, func() {
			r.Flush() // there is nothing to lose yet
			r.Sent()
			r.Flush()
			r.Closed(listen.Closing{Code: 1000})
			for range flushAt {
				r.Delivered(delivery(true, 0), 0)
			}
			r.Settled([]ledger.Settled{{Received: 2*flushAt + 1, Lost: 1}}, true)
			r.Finish()
		})
	}
	require.Equal(t, []string{"pushgw: samples are lost, because k6 ended before a connection did: " +
		"a setup() or teardown() that fails must close its connections"}, f.logged(logrus.WarnLevel))
	require.Empty(t, other.log.AllEntries())
}

// A channel that is open has nothing to do with it.
func TestSamplesAreNotLostOtherwise(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Sent()
	f.Finish()
	require.Len(t, f.samples, 1)
	require.Empty(t, f.log.AllEntries())
}
