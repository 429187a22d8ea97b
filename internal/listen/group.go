package listen

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/sleep"
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
	// UntilBroadcast ends listening also when the broadcasts to the listeners are over, as a
	// ledger.Finale says.
	UntilBroadcast bool
	// Delay is how long to wait before the first connection is opened.
	Delay time.Duration
	// Replaces are the places of listeners of earlier Groups, that ran out of connections,
	// that are still missing: the first listeners of this one take them. It may be nil.
	Replaces *ledger.Places
}

// maxDialling bounds how many connections of one Group are being dialled at a time,
// so that a large group doesn't reach the gateway as one burst.
const maxDialling = 100

// Group is the listeners of one call.
type Group struct {
	config  Config
	roster  *ledger.Roster
	summary tally
	// attendance is by what other processes' broadcasts are accounted for, while the group
	// runs; nil before.
	attendance atomic.Pointer[ledger.Attendance]
	running    sync.WaitGroup // the goroutines that dial, serve and close

	mu       sync.Mutex
	conns    map[*Conn]struct{}
	closing  *closeReason // nil while connections are to be held
	end      func()       // ends listening as the plan's duration does; nil before Run
	lastTick time.Time
}

// NewGroup returns a group of listeners that the roster counts.
func NewGroup(config Config, roster *ledger.Roster) *Group {
	g := &Group{config: config, roster: roster, conns: make(map[*Conn]struct{})}
	g.summary.Observer = config.Observer
	g.config.Observer, g.config.lost = &g.summary, ledger.NewPlaces(roster)
	return g
}

// Run opens the connections and holds them until the plan's duration or the context
// ends, the broadcasts that it is to wait for are over, or no connection is left. It returns
// when all are closed.
func (g *Group) Run(ctx context.Context, plan Plan) Summary {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if plan.UntilBroadcast {
		g.config.finale = ledger.NewFinale()
		g.mu.Lock()
		g.end = func() { end(errCutShort) }
		g.mu.Unlock()
	}
	if plan.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, plan.Duration, errCutShort)
		defer cancel()
	}
	g.config.free = plan.Replaces
	g.roster.NoteGroupSize(plan.Connections)
	planned := g.roster.Plan(plan.Connections)
	g.attendance.Store(g.roster.Attend())
	_ = sleep.For(ctx, plan.Delay) // if the context has ended, no connection is opened
	began := time.Now()
	g.run(ctx, plan, planned)
	g.endAccounts()

	summary := g.summary.read()
	summary.RanOut, summary.Lasted = ctx.Err() == nil, time.Since(began)
	summary.Missing = g.missing(summary.RanOut)
	return summary
}

// missing returns the places of the listeners that are missing after a group's end. Once its
// plan is over, none are. One that the group lost wasn't replaced by others that it had
// planned anyway.
func (g *Group) missing(ranOut bool) *ledger.Places {
	missing := g.config.free.Move(g.config.lost.Move(nil))
	if ranOut {
		return missing
	}
	missing.GiveUp()
	return nil
}

// run opens the connections and serves them until all are closed.
func (g *Group) run(ctx context.Context, plan Plan, planned *ledger.Plan) {
	defer context.AfterFunc(ctx, func() { g.closeAll(context.Cause(ctx)) })()
	// This goroutine serves the last connection itself, so that a group has no more
	// goroutines than connections. There may be very many groups of one connection.
	if last := <-g.open(ctx, plan, planned); last != nil {
		g.serve(last)
	}
	g.running.Wait()
}

// open opens the planned connections at their rate and has all but the last served.
// The channel brings the last one, or nil if it failed or isn't to be opened.
func (g *Group) open(ctx context.Context, plan Plan, planned *ledger.Plan) <-chan *Conn {
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
			planned.Cancel()
			return last
		}
		listener := planned.Enter()
		// Dialling makes a goroutine's stack grow, so the connection is served by
		// another goroutine, whose stack is still small.
		g.running.Go(func() {
			conn := g.dial(ctx, i, listener)
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

// dial opens the i-th connection. It returns nil if that failed, which has been reported.
func (g *Group) dial(ctx context.Context, i int, listener *ledger.Listener) (conn *Conn) {
	defer recoverPanic()
	conn, _ = Open(ctx, &g.config, i, listener, nil)
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
	if g.closing != nil {
		g.closeInBackground(conn)
	}
}

// closeAll begins to close every connection, present and future, because of cause.
func (g *Group) closeAll(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = &closeReason{code: NormalClosure}
	if errors.Is(cause, errCutShort) {
		g.closing.unready = errCutShort
	}
	for conn := range g.conns {
		g.closeInBackground(conn)
	}
}

// closeInBackground closes a connection without waiting for it: a gateway that doesn't
// read must not delay the others.
func (g *Group) closeInBackground(conn *Conn) {
	reason := *g.closing
	g.running.Go(func() {
		defer recoverPanic()
		conn.close(reason)
	})
}
