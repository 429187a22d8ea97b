package listen

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

func TestTheDurationEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(welcome)
		begin := time.Now()
		summary, _ := s.run(t, Plan{Connections: 3, Duration: time.Minute})
		assert.Equal(t, Summary{Opened: 3, Ready: 3}, <-summary)
		assert.Equal(t, time.Minute, time.Since(begin))
		assert.Equal(t, 3, s.counted()["closed 1000 by us"])
	})
}

func TestTheDurationEndsBeforeAllAreOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(welcome)
		summary, _ := s.run(t, Plan{Connections: 1000, Rate: 100, Duration: 195 * time.Millisecond})
		assert.Equal(t, Summary{Opened: 20, Ready: 20}, <-summary)
		assert.Empty(t, s.failures)
	})
}

// What the end of a plan's duration cuts off in the handshake has failed, in whichever
// phase. What an interruption cuts off has not.
func TestEndsBeforeAConnectionIsReady(t *testing.T) {
	t.Parallel()
	const listeners = 3
	for name, c := range map[string]struct {
		change func(*fixture)
		dial   http.HandlerFunc
		phase  wire.Phase
	}{
		"while preparing": {
			change: func(s *fixture) {
				s.Prepare = func(ctx context.Context, _ int) (Prepared, error) {
					<-ctx.Done()
					return Prepared{}, ctx.Err()
				}
			},
			phase: wire.PhaseCredentials,
		},
		"while the upgrade isn't answered": {
			dial:  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(io.Discard, w.(*pipeWriter).conn) },
			phase: wire.PhaseUpgrade,
		},
		"while shaking hands": {
			dial: func(w http.ResponseWriter, r *http.Request) {
				upgrade(w, r, func(socket *websocket.Conn) { answer(socket, "what") })
			},
			phase: wire.PhaseHandshake,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, end := range []string{"duration", "interruption"} {
				t.Run(end, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := newFixture(pipeGateway(c.dial))
						s.timeout = 24 * time.Hour
						if c.change != nil {
							c.change(s)
						}
						plan := Plan{Connections: listeners}
						if end == "duration" {
							plan.Duration = 10 * time.Second
						}
						began := time.Now()
						summary, stop := s.run(t, plan)
						if end == "interruption" {
							time.Sleep(10 * time.Second)
							stop()
						}
						got := <-summary
						assert.Equal(t, 10*time.Second, time.Since(began))
						assert.Equal(t, 10*time.Second, s.lasted)
						count, _ := s.roster.Watch()
						if end == "interruption" {
							assert.Equal(t, Summary{Opened: listeners, Unfinished: listeners}, got)
							assert.Equal(t, listeners, s.counted()["abandoned"])
							assert.Equal(t, ledger.Count{LargestGroup: listeners}, count)
							return
						}
						assert.Equal(t, Summary{Opened: listeners, Failed: listeners}, got)
						assert.Equal(t, listeners, s.counted()["failed "+string(c.phase)])
						for _, failed := range s.failures {
							assert.Equal(t, &wire.DialError{Phase: c.phase, Host: "gateway.test", Err: errCutShort}, failed)
						}
						require.ErrorIs(t, count.FirstFailure, errCutShort)
						assert.Equal(t, ledger.Count{Failed: listeners, LargestGroup: listeners}, states(count))
					})
				})
			}
		})
	}
}

// A refusal stays what it is, even if the plan has a duration.
func TestARefusalBeforeTheDurationEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) { answer(socket, "refused") })
		summary, _ := s.run(t, Plan{Connections: 2, Duration: time.Minute})
		assert.Equal(t, Summary{Opened: 2, Failed: 2, RanOut: true}, <-summary)
		for _, failed := range s.failures {
			assert.Equal(t, &dialect.Error{Name: "Refused"}, failed.Err)
		}
	})
}

// Until the delay is over nothing is dialled, and the listeners are planned. The
// duration includes it, and what the group itself lasted doesn't.
func TestTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(welcome)
		began := time.Now()
		summary, _ := s.run(t, Plan{Connections: 2, Delay: 10 * time.Second, Duration: time.Minute})
		time.Sleep(10*time.Second - time.Nanosecond)
		synctest.Wait()
		count, _ := s.roster.Watch()
		assert.Equal(t, ledger.Count{Planned: 2, LargestGroup: 2}, count)
		assert.Zero(t, s.attempts())
		time.Sleep(time.Nanosecond)
		s.waitForReady(t, 2)
		assert.Equal(t, 10*time.Second, time.Since(began))
		count, _ = s.roster.Watch()
		assert.Equal(t, ledger.Count{Ready: 2, LargestGroup: 2}, count)
		assert.Equal(t, Summary{Opened: 2, Ready: 2}, <-summary)
		assert.Equal(t, time.Minute, time.Since(began))
		assert.Equal(t, 50*time.Second, s.lasted)
	})
}

func TestTheTestEndsInTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(welcome)
		began := time.Now()
		summary, stop := s.run(t, Plan{Connections: 2, Delay: 10 * time.Second})
		time.Sleep(time.Second)
		stop()
		assert.Zero(t, <-summary)
		assert.Equal(t, time.Second, time.Since(began))
		count, _ := s.roster.Watch()
		assert.Equal(t, ledger.Count{LargestGroup: 2}, count)
	})
}

// A group that has no connection left ends, and says so, however long its plan is.
func TestAGroupRunsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			write(socket, "welcome")
			time.Sleep(5 * time.Second)
			_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1012, ""))
			readToEnd(socket)
		})
		summary, _ := s.run(t, Plan{Connections: 3, Delay: time.Second, Duration: time.Hour})
		assert.Equal(t, Summary{Opened: 3, Ready: 3, Closed: 3, RanOut: true}, <-summary)
		assert.Equal(t, 3, s.missing.Len())
		assert.Equal(t, 5*time.Second, s.lasted)
		count, _ := s.roster.Watch()
		assert.Equal(t, ledger.Count{Left: 3, CutOff: 3, LargestGroup: 3}, count, "they are missing from now on")
	})
}

// What the duration leaves unopened is planned no more while the group's other
// connections close.
func TestWhatIsNotOpenedIsNotPlanned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			socket.SetCloseHandler(func(int, string) error { return nil }) // it takes its time
			welcome(socket)
			<-t.Context().Done()
		})
		summary, _ := s.run(t, Plan{Connections: 100, Rate: 1, Duration: 10500 * time.Millisecond})
		time.Sleep(10501 * time.Millisecond)
		synctest.Wait()
		count, _ := s.roster.Watch()
		assert.Equal(t, ledger.Count{Ready: 11, LargestGroup: 100}, count)
		assert.Equal(t, Summary{Opened: 11, Ready: 11}, <-summary)
	})
}

// A connection that is opened while the group is closing is closed as well.
func TestAConnectionThatOpensTooLate(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	g := NewGroup(s.Config, s.roster)
	conn := g.dial(t.Context(), 0, s.roster.Enter())
	require.NotNil(t, conn)
	g.closeAll(nil)
	g.serve(conn)
	g.running.Wait()
	assert.Equal(t, 1, s.counted()["closed 1000 by us"])
	assert.Equal(t, 1, h.waitForClosed(t, 1000, 1)["bye"])
	assert.Empty(t, g.conns)
}

// Connections that are abandoned because the test ends have not failed.
func TestTheTestEndsWhileDialling(t *testing.T) {
	t.Parallel()
	const listeners, atATime = 200, 100
	asked := make(chan struct{}, listeners)
	s := newFixture(httpGateway(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	summary, stop := s.run(t, Plan{Connections: listeners})
	for range atATime {
		<-asked
	}
	stop()
	assert.Equal(t, Summary{Opened: atATime, Unfinished: atATime}, <-summary)
	assert.Equal(t, map[string]int{"abandoned": atATime}, s.counted())
	assert.Empty(t, asked, "more than may be dialled at once")
	s.waitForAudience(t, func(c ledger.Count) bool { return c.Connecting == 0 })
}

func TestTheTestEndsWhileShakingHands(t *testing.T) {
	t.Parallel()
	const listeners = 10
	h, to := newHub(t)
	s := newFixture(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.waitFor(t, "sent", listeners)
	stop()
	assert.Equal(t, Summary{Opened: listeners, Unfinished: listeners}, <-summary)
	assert.Equal(t, map[string]int{"connected": listeners, "sent": 2 * listeners, "abandoned": listeners, "closed 1000 by us": listeners}, s.counted())
	assert.Equal(t, map[string]int{"hello": listeners, "bye": listeners}, h.waitForClosed(t, 1000, listeners))
}

func TestTheTestIsOverAlready(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newFixture(to)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	summary := NewGroup(s.Config, s.roster).Run(ctx, Plan{Connections: 3, Delay: time.Hour})
	summary.Lasted = 0
	assert.Zero(t, summary)
	assert.Empty(t, s.counted())
	count, _ := s.roster.Watch()
	assert.Equal(t, ledger.Count{LargestGroup: 3}, count, "nothing is planned any more")
}
