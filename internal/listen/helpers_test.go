package listen

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// patience is how long a test waits for what must come. No test that passes comes near it.
const patience = 2 * time.Minute

// simple is a dialect in which the listener says hello and the gateway welcomes it.
// Every other text does what it says, or is data.
type simple struct{}

func (simple) Open() dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: []byte("hello")}
}

func (simple) Receive(frame []byte) dialect.Event {
	word, more, _ := strings.Cut(string(frame), " ")
	switch word {
	case "welcome":
		return dialect.Event{Kind: dialect.Ready, Request: "hello", Counter: "welcomed"}
	case "step":
		limit, _ := time.ParseDuration(more)
		return dialect.Event{Kind: dialect.Progress, StepTimeout: limit}
	case "done":
		return dialect.Event{Kind: dialect.Progress, Request: more, Next: &dialect.Event{Answer: []byte("thanks")}}
	case "named":
		return dialect.Event{Kind: dialect.Progress, ConnectionID: more}
	case "refused":
		return dialect.Event{Kind: dialect.Refusal, Request: "hello", Err: &dialect.Error{Name: "Refused"}}
	case "failed":
		return dialect.Event{Kind: dialect.Failure, Err: &dialect.Error{Name: "Failed"}}
	case "timeout":
		limit, _ := time.ParseDuration(more)
		return dialect.Event{Kind: dialect.KeepAlive, Timeout: limit}
	case "ended":
		return dialect.Event{Kind: dialect.Ended}
	case "what":
		return dialect.Event{}
	case "panic":
		panic("as the gateway asked")
	default:
		return dialect.Event{Kind: dialect.Data, Request: "data"}
	}
}

func (simple) Farewell() [][]byte { return [][]byte{[]byte("bye")} }

// talkative is simple, and can say where its handshake stands.
type talkative struct{ simple }

func (talkative) Explain(err error) error { return fmt.Errorf("before the welcome: %w", err) }

// fixture is a group of listeners of a gateway, with its observer and audience.
type fixture struct {
	Config
	*observer
	roster   *ledger.Roster
	audience *ledger.Audience // of every listener, unless Prepare says otherwise
	group    *Group
	timeout  time.Duration // after which a group that never ends is stopped
	// As the summary of a group that has ended says.
	lasted  time.Duration
	missing *ledger.Places
}

// prepares returns a Prepare by which every connection goes to the target, with a
// session of its own.
func prepares(to *wire.Target, session func() dialect.Session) func(context.Context, int) (Prepared, error) {
	return func(context.Context, int) (Prepared, error) { return Prepared{Target: to, Session: session()}, nil }
}

// newFixture returns one whose Config may still be changed.
func newFixture(to *wire.Target) *fixture {
	o := &observer{counts: make(map[string]int)}
	l := ledger.New()
	return &fixture{
		Config: Config{
			Host: to.URL.Host, Prepare: prepares(to, func() dialect.Session { return simple{} }),
			Ledger: l, Timeout: patience, Observer: o,
		},
		observer: o, roster: l.Roster("room"), audience: l.Audience(ledger.Name{Key: "room"}), timeout: patience,
	}
}

// newPipeFixture returns one for a synctest bubble, whose clock costs nothing.
func newPipeFixture(f func(*websocket.Conn)) *fixture {
	s := newFixture(pipeGateway(func(w http.ResponseWriter, r *http.Request) { upgrade(w, r, f) }))
	s.timeout = 24 * time.Hour
	return s
}

// run starts a group and returns the channel that will bring its summary, without how
// long it lasted and who is missing, which are in the fixture.
func (s *fixture) run(t *testing.T, plan Plan) (summary <-chan Summary, stop func()) {
	t.Helper()
	config, prepare := s.Config, s.Prepare
	config.Prepare = func(ctx context.Context, i int) (Prepared, error) {
		prepared, err := prepare(ctx, i)
		if prepared.Subscriptions == nil {
			prepared.Subscriptions = []Subscription{{Audience: s.audience}}
		}
		return prepared, err
	}
	s.group = NewGroup(config, s.roster)
	ctx, cancel := context.WithTimeout(t.Context(), s.timeout)
	done, ended := make(chan Summary, 1), make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-ended
		s.requireBalance(t)
	})
	go func() {
		defer close(ended)
		sum := s.group.Run(ctx, plan)
		assert.Equal(t, sum.Opened, sum.Ready+sum.Failed+sum.Unfinished, "opened = ready + failed + unfinished")
		s.lasted, sum.Lasted = sum.Lasted, 0
		s.missing, sum.Missing = sum.Missing, nil
		done <- sum
	}()
	return done, cancel
}

// requireBalance checks that whatever was begun has become something, once and for all.
func (s *fixture) requireBalance(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.counts["ready"] + s.counts["abandoned"]
	for what, n := range s.counts {
		if strings.HasPrefix(what, "failed ") {
			sum += n
		}
	}
	assert.Equal(t, s.begun, sum, "begun = ready + failed + abandoned, in %v", s.counts)
}

const tickEvery = 100 * time.Millisecond

// tick has the group's Tick called as the process's ticker does, until the test ends.
func (s *fixture) tick(t *testing.T) {
	t.Helper()
	ticker := time.NewTicker(tickEvery)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case now := <-ticker.C:
				s.group.Tick(now)
			case <-t.Context().Done():
				return
			}
		}
	}()
}

// enter returns a listener that is connecting.
func (s *fixture) enter() *ledger.Listener {
	l := s.roster.Enter()
	l.Join(s.audience)
	return l
}

// waitForAudience waits until the count of the listeners is as wanted.
func (s *fixture) waitForAudience(t *testing.T, want func(ledger.Count) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		count, changed := s.roster.Watch()
		if want(count) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			require.Fail(t, "the audience never was as wanted", "%+v", count)
		}
	}
}

// states is a count without the reason of the first failure.
func states(c ledger.Count) ledger.Count {
	c.FirstFailure = nil
	return c
}

func (s *fixture) waitForReady(t *testing.T, n int) {
	t.Helper()
	s.waitForAudience(t, func(c ledger.Count) bool { return c.Ready == n })
}

// drive opens a connection as a script does.
func drive(t *testing.T, s *fixture, d *handlerLog) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.timeout)
	defer cancel() // which ends no connection that is open
	conn, err := Open(ctx, &s.Config, 0, nil, d)
	require.NoError(t, err)
	go conn.Serve()
	t.Cleanup(func() {
		conn.Close(NormalClosure, "")
		<-conn.Done()
		s.requireBalance(t)
	})
	return conn
}
