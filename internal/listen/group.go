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

// Plan is how many listeners a Group is to hold, and for how long.
type Plan struct {
	Connections int
	// Rate is how many connections are opened each second, evenly spread; zero
	// for as many as possible.
	Rate float64
	// Duration is how long to listen, from the beginning; zero for as long as
	// there are connections.
	Duration time.Duration
}

// maxDialling bounds how many connections of one Group are being dialled at a time,
// so that a large group doesn't reach the gateway as one burst.
const maxDialling = 100

// Group is the listeners of one call, all of one audience.
type Group struct {
	config   Config
	audience *ledger.Audience
	summary  tally
	running  sync.WaitGroup // the goroutines that dial, serve and close

	mu       sync.Mutex
	conns    map[*Conn]struct{}
	closing  bool
	lastTick time.Time
}

// NewGroup returns a group of listeners that are members of the audience.
func NewGroup(config Config, audience *ledger.Audience) *Group {
	g := &Group{config: config, audience: audience, conns: make(map[*Conn]struct{})}
	g.summary.Observer = config.Observer
	g.config.Observer = &g.summary
	return g
}

// Run opens the connections and holds them until the plan's duration or the context
// ends, or no connection is left. It returns when all are closed.
func (g *Group) Run(ctx context.Context, plan Plan) Summary {
	if plan.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, plan.Duration)
		defer cancel()
	}
	g.audience.NoteGroupSize(plan.Connections)
	defer context.AfterFunc(ctx, g.closeAll)()
	// This goroutine serves the last connection itself, so that a group has no more
	// goroutines than connections. There may be very many groups of one connection.
	if last := <-g.open(ctx, plan); last != nil {
		g.serve(last)
	}
	g.running.Wait()
	return g.summary.read()
}

// open opens the planned connections at their rate and has all but the last served.
// The channel brings the last one, or nil if it failed or isn't to be opened.
func (g *Group) open(ctx context.Context, plan Plan) <-chan *Conn {
	last := make(chan *Conn, 1)
	if plan.Connections < 1 {
		close(last)
	}
	var limiter *rate.Limiter
	if plan.Rate > 0 {
		limiter = rate.NewLimiter(rate.Limit(plan.Rate), 1)
	}
	slots := make(chan struct{}, min(maxDialling, plan.Connections))
	for i := range plan.Connections {
		if waitTurn(ctx, limiter) != nil || g.config.WaitToDial(ctx) != nil || !acquire(ctx, slots) {
			close(last)
			return last
		}
		member := g.audience.Enter()
		// Dialling makes a goroutine's stack grow, so the connection is served by
		// another goroutine, whose stack is still small.
		g.running.Go(func() {
			conn := g.dial(ctx, member)
			<-slots
			switch {
			case i == plan.Connections-1:
				last <- conn
			case conn != nil:
				g.running.Go(func() { g.serve(conn) })
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

// dial opens one connection. It returns nil if that failed.
func (g *Group) dial(ctx context.Context, member *ledger.Member) (conn *Conn) {
	defer recoverPanic()
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

// serve serves one connection to its end.
func (g *Group) serve(conn *Conn) {
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
		g.closeInBackground(conn)
	}
}

// closeAll begins to close every connection, present and future.
func (g *Group) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
	for conn := range g.conns {
		g.closeInBackground(conn)
	}
}

// closeInBackground closes a connection without waiting for it: a gateway that doesn't
// read must not delay the others.
func (g *Group) closeInBackground(conn *Conn) {
	g.running.Go(func() {
		defer recoverPanic()
		conn.Close(NormalClosure, "")
	})
}
