// Package listen holds connections: it opens them, shakes hands in their dialect,
// reads them, and enters every delivery in the ledger. What happens is told to
// an Observer.
package listen

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Config is what the connections of one client have in common.
type Config struct {
	// Host is the gateway's, for errors.
	Host string
	// Prepare makes what one connection needs before it is dialled: where it goes and
	// what it carries, and its side of the dialect. It may take time, as a signature or
	// a new token does, and it may fail.
	Prepare func(ctx context.Context) (*wire.Target, dialect.Session, error)
	Ledger  *ledger.Ledger
	// Pattern dates messages that carry no stamp of ours; nil for none.
	Pattern *stamp.Pattern
	// Limiter is shared by all connections to a gateway and says when the next may be
	// opened; nil for at once.
	Limiter *rate.Limiter
	// Timeout is how long a connection may take from dialling until it is ready.
	Timeout time.Duration
	// Ping is how often a protocol ping is sent; zero for never.
	Ping     time.Duration
	Observer Observer
}

// WaitToDial waits until the next connection may be opened.
func (c *Config) WaitToDial(ctx context.Context) error { return waitTurn(ctx, c.Limiter) }

// waitTurn waits for a pace's next waitTurn; there is always one where the pace is nil.
func waitTurn(ctx context.Context, pace *rate.Limiter) error {
	if pace == nil {
		return ctx.Err()
	}
	if err := pace.Wait(ctx); err != nil {
		if ctx.Err() == nil { // it would have to wait for longer than the context lasts
			return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		return ctx.Err()
	}
	return nil
}

// Observer is told what happens on connections, from many goroutines at once.
type Observer interface {
	// Connected: the WebSocket is open, that long after dialling began.
	Connected(took time.Duration)
	// Failed: a connection came no further than this. It isn't told of
	// connections that are given up because the test ends.
	Failed(err *wire.DialError)
	// Counted: a step of the handshake is done that this metric counts.
	Counted(counter string)
	// Answered: the gateway answered a request as it should.
	Answered()
	// Ready: the listener hears broadcasts, that long after dialling began.
	Ready(took time.Duration)
	// Sent and Received are data messages, whatever they hold.
	Sent()
	Received()
	// Delivered: a stamp was read, that long after it had arrived.
	Delivered(d ledger.Delivery, lag time.Duration)
	// Erred: something went wrong that ends nothing; a name from a closed set.
	Erred(name string)
	// Pong: a ping was answered.
	Pong(roundTrip time.Duration)
	// Closed: an open connection is no more. Code is the WebSocket close code, and
	// byGateway says whether that was the gateway's doing.
	Closed(code int, byGateway bool, lasted time.Duration)
}

// Names of what can go wrong here, beside those of the dialects.
const (
	DamagedStamp  = "DamagedStamp"  // something like a stamp failed its checksum
	LateDelivery  = "LateDelivery"  // it is in no account; see ledger.Outcome
	StrayDelivery = "StrayDelivery" // it was meant for another audience
	Silence       = "Silence"       // the gateway was silent for longer than it said it would be
)
