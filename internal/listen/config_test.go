package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Without credentials nothing is dialled.
func TestCredentialsThatFail(t *testing.T) {
	t.Parallel()
	const listeners = 3
	expired := errors.New("the token has expired")
	to := pipeGateway(func(http.ResponseWriter, *http.Request) {})
	to.DialContext = func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled without credentials")
		return nil, net.ErrClosed
	}
	s := newFixture(to)
	s.Prepare = func(context.Context, int) (Prepared, error) { return Prepared{Target: to, Session: simple{}}, expired }
	summary, _ := s.run(t, Plan{Connections: listeners})
	assert.Equal(t, Summary{Opened: listeners, Failed: listeners, RanOut: true}, <-summary)
	assert.Equal(t, map[string]int{"failed credentials": listeners}, s.counted())
	for _, failed := range s.failures {
		assert.Equal(t, &wire.DialError{Phase: wire.PhaseCredentials, Host: "gateway.test", Err: expired}, failed)
	}
	s.waitForAudience(t, func(c ledger.Count) bool {
		return states(c) == ledger.Count{Failed: listeners, LargestGroup: listeners}
	})

	_, err := Open(t.Context(), &s.Config, 0, nil, nil)
	require.ErrorIs(t, err, expired)
	s.requireBalance(t)
}

// Credentials that some connections don't get are no harm to the others.
func TestCredentialsThatFailForOne(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newFixture(to)
	var calls atomic.Int32
	s.Prepare = func(context.Context, int) (Prepared, error) {
		if calls.Add(1) == 2 {
			return Prepared{}, errors.New("throttled")
		}
		return Prepared{Target: to, Session: simple{}}, nil
	}
	summary, stop := s.run(t, Plan{Connections: 3})
	s.waitForAudience(t, func(c ledger.Count) bool { return c.Ready == 2 && c.Failed == 1 })
	stop()
	assert.Equal(t, Summary{Opened: 3, Ready: 2, Failed: 1}, <-summary)
	assert.Equal(t, 1, s.counted()["failed credentials"])
}

// The connection's timeout bounds the time that its credentials take.
func TestCredentialsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(welcome)
		s.Timeout = 10 * time.Second
		s.Prepare = func(ctx context.Context, _ int) (Prepared, error) {
			<-ctx.Done()
			return Prepared{}, ctx.Err()
		}
		begin := time.Now()
		summary, _ := s.run(t, Plan{Connections: 1})
		assert.Equal(t, Summary{Opened: 1, Failed: 1, RanOut: true}, <-summary)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		assert.Equal(t, map[string]int{"failed credentials": 1}, s.counted())
	})
}

// Credentials that are abandoned because the test ends have not failed.
func TestTheTestEndsWhilePreparing(t *testing.T) {
	t.Parallel()
	s := newPipeFixture(welcome)
	preparing := make(chan struct{})
	s.Prepare = func(ctx context.Context, _ int) (Prepared, error) {
		close(preparing)
		<-ctx.Done()
		return Prepared{}, ctx.Err()
	}
	summary, stop := s.run(t, Plan{Connections: 1})
	<-preparing
	stop()
	assert.Equal(t, Summary{Opened: 1, Unfinished: 1}, <-summary)
	assert.Equal(t, map[string]int{"abandoned": 1}, s.counted())
}

// named is a session whose first text is its own name.
type named struct {
	simple
	name string
}

func (n named) Open() dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: []byte(n.name)}
}

// Each connection is prepared by itself and by its number in the group: its target and its
// session are its own.
func TestEachConnectionIsPrepared(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := make(map[string]string) // the name in the URL, and the one in the handshake
	to := httpGateway(t, func(w http.ResponseWriter, r *http.Request) {
		upgrade(w, r, func(socket *websocket.Conn) {
			_, text, _ := socket.ReadMessage()
			mu.Lock()
			seen[r.URL.Query().Get("name")] = string(text)
			mu.Unlock()
			write(socket, "welcome")
			readToEnd(socket)
		})
	})
	s := newFixture(to)
	s.Prepare = func(_ context.Context, i int) (Prepared, error) {
		name := fmt.Sprint("listener", i+1)
		own, u := *to, *to.URL
		u.RawQuery = "name=" + name
		own.URL = &u
		return Prepared{Target: &own, Session: named{name: name}}, nil
	}
	summary, stop := s.run(t, Plan{Connections: 3})
	s.waitForReady(t, 3)
	stop()
	assert.Equal(t, Summary{Opened: 3, Ready: 3}, <-summary)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, map[string]string{"listener1": "listener1", "listener2": "listener2", "listener3": "listener3"}, seen)
}

func TestWaitToDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		unlimited := &Config{}
		require.NoError(t, unlimited.WaitToDial(t.Context()))
		require.ErrorIs(t, unlimited.WaitToDial(over), context.Canceled)

		limited := &Config{Limiter: rate.NewLimiter(0.1, 1)}
		begin := time.Now()
		require.NoError(t, limited.WaitToDial(t.Context()))
		require.NoError(t, limited.WaitToDial(t.Context()))
		assert.Equal(t, 10*time.Second, time.Since(begin).Round(time.Millisecond))
		require.ErrorIs(t, limited.WaitToDial(over), context.Canceled)

		// A turn that would come after the context's end isn't waited for.
		short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.ErrorIs(t, limited.WaitToDial(short), context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(begin).Round(time.Millisecond))
		assert.NoError(t, short.Err())
	})
}
