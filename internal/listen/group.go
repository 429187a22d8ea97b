package listen

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Plan says how many listeners a Group is to hold, and for how long.
type Plan struct {
	Connections int
	// Rate is how many connections are opened each second, evenly spread; zero
	// for as many as possible.
	Rate float64
	// Duration is how long to listen, from the beginning; zero for as long as
	// there are connections.
	Duration time.Duration
}

// openAtOnce bounds how many connections of one Group are being dialled at a
// time, so that a large group doesn't meet the gateway as one burst.
const openAtOnce = 100

// Group is the listeners of one call, all of one audience.
type Group struct {
	config   Config
	audience *ledger.Audience
	summary  tally
	alive    sync.WaitGroup // what goes on for the group

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	closing bool
	kept    time.Time
}

// NewGroup returns a group of listeners that are members of the audience.
func NewGroup(config Config, audience *ledger.Audience) *Group {
	g := &Group{config: config, audience: audience, conns: make(map[*Conn]struct{})}
	g.summary.Observer = config.Observer
	g.config.Observer = &g.summary
	return g
}

// Run opens the connections and holds them until the plan is fulfilled, the
// context ends or no connection is left. It returns when all are closed.
func (g *Group) Run(ctx context.Context, plan Plan) Summary {
	if plan.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, plan.Duration)
		defer cancel()
	}
	g.audience.NoteGroupSize(plan.Connections)
	defer context.AfterFunc(ctx, g.close)()
	// Instead of only waiting for the others, this goroutine reads the last one.
	if last := <-g.open(ctx, plan); last != nil {
		g.hold(last)
	}
	g.alive.Wait()
	return g.summary.read()
}

// keepEvery is how often the connections are looked at: what is due there is due
// after seconds or minutes.
const keepEvery = time.Second

// Tick does what is due on the group's connections. It may be called as often as
// one likes.
func (g *Group) Tick(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.kept) < keepEvery {
		return
	}
	g.kept = now
	for c := range g.conns {
		c.Tick(now)
	}
}

// open opens the planned connections at their pace, and has all but the last
// held. That one comes from the channel, nil if it failed or was not to be.
func (g *Group) open(ctx context.Context, plan Plan) <-chan *Conn {
	last := make(chan *Conn, 1)
	if plan.Connections < 1 {
		close(last)
	}
	var limiter *rate.Limiter
	if plan.Rate > 0 {
		limiter = rate.NewLimiter(rate.Limit(plan.Rate), 1)
	}
	slots := make(chan struct{}, min(openAtOnce, plan.Connections))
	for i := range plan.Connections {
		if waitTurn(ctx, limiter) != nil || g.config.WaitToDial(ctx) != nil || !acquire(ctx, slots) {
			close(last)
			return last
		}
		member := g.audience.Enter()
		// Dialling makes a stack grow. The reader gets one of its own, as small as it can be.
		g.alive.Go(func() {
			conn := g.dial(ctx, member)
			<-slots
			switch {
			case i == plan.Connections-1:
				last <- conn
			case conn != nil:
				g.alive.Go(func() { g.hold(conn) })
			}
		})
	}
	return last
}

func acquire(ctx context.Context, slots chan<- struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// dial opens one connection. It is nil if that failed.
func (g *Group) dial(ctx context.Context, member *ledger.Member) (conn *Conn) {
	defer survive()
	defer func() {
		if r := recover(); r != nil {
			g.config.Observer.Failed(&wire.DialError{
				Phase: wire.PhaseTCP, Host: g.config.Host, Err: fmt.Errorf("panic while dialling: %v", r),
			})
		}
	}()
	conn, _ = Open(ctx, &g.config, member, nil)
	return conn
}

// hold serves one connection to its end.
func (g *Group) hold(conn *Conn) {
	g.add(conn)
	conn.Serve()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, conn)
}

func (g *Group) add(conn *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[conn] = struct{}{}
	if g.closing {
		g.dismiss(conn)
	}
}

// close begins to close every connection, each on its own: a gateway that
// doesn't read must not hold up the others.
func (g *Group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
	for conn := range g.conns {
		g.dismiss(conn)
	}
}

// dismiss closes a connection that is being held, without waiting.
func (g *Group) dismiss(conn *Conn) {
	g.alive.Go(func() {
		defer survive()
		conn.Close(NormalClosure, "")
	})
}
