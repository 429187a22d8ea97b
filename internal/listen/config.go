// Package listen opens and holds connections: it performs the handshake of their
// dialect, reads them, enters every delivery in the ledger, and passes what happens
// to an Observer.
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
	// Host is the gateway's host, for errors.
	Host string
	// Prepare returns what the i-th connection of a Group, counted from zero, needs before
	// it is dialled. It may take time, as a signature or a new token does, and it may fail:
	// with a *wire.DialError if it isn't for want of credentials.
	Prepare func(ctx context.Context, i int) (Prepared, error)
	// Index returns the number of the i-th connection of a Group in the whole test, for
	// errors; nil if it has none.
	Index  func(i int) int64
	Ledger *ledger.Ledger
	// Pattern finds the send time in messages that carry no stamp of ours; nil for none.
	Pattern *stamp.Pattern
	// Limiter is shared by all connections to a gateway and bounds how many are
	// opened each second; nil for no bound.
	Limiter *rate.Limiter
	// Timeout is how long a connection may take from dialling until it is ready.
	Timeout time.Duration
	// Ping is how often a protocol ping is sent; zero for never.
	Ping     time.Duration
	Observer Observer
	// Control gets what other processes of the test tell, each token once for all listeners
	// of an audience, and once for every other connection that reads it; of these the audience
	// is nil. It is called by the goroutines that read, and nil if nobody wants to know.
	Control func(token stamp.Control, to *ledger.Audience, arrived time.Time)

	// free are the places that listeners take as they become ready, and lost those of
	// listeners that were cut off; both nil where there is no Group.
	free, lost *ledger.Places
	// finale watches the listeners' audiences; nil where nobody waits for their broadcasts' end.
	finale *ledger.Finale
}

// Prepared is what one connection needs before it is dialled.
type Prepared struct {
	Target  *wire.Target    // with what this connection carries
	Session dialect.Session // its side of the dialect
	// Subscriptions are what a listener hears by: one, or several. Connections may share them.
	Subscriptions []Subscription
}

// Subscription is one of those of a listener.
type Subscription struct {
	// Request is the dialect's name of the request that began it, which the events of its
	// messages have. Of a listener's only one it may be empty.
	Request string
	// Audience is the one that its listeners are.
	Audience *ledger.Audience
}

// WaitToDial waits until the next connection may be opened.
func (c *Config) WaitToDial(ctx context.Context) error { return waitTurn(ctx, c.Limiter) }

// waitTurn waits until the limiter, which may be nil, lets the next connection pass.
func waitTurn(ctx context.Context, limiter *rate.Limiter) error {
	if limiter == nil {
		return ctx.Err()
	}
	if err := limiter.Wait(ctx); err != nil {
		if ctx.Err() == nil { // it would have to wait for longer than the context lasts
			return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		return ctx.Err()
	}
	return nil
}

// Observer gets what happens on connections, from many goroutines at once.
type Observer interface {
	// Begun: a connection is about to be dialled. Each becomes Ready, Failed or
	// Abandoned.
	Begun()
	// Connected: the WebSocket is open. Took is the time since dialling began.
	Connected(took time.Duration)
	// Failed: a connection never became ready.
	Failed(err *wire.DialError)
	// Abandoned: the test was interrupted before a connection was ready.
	Abandoned()
	// Counted: a step of the handshake is complete that the metric counter counts.
	Counted(counter string)
	// Answered: the gateway answered a request as it should.
	Answered()
	// Ready: the listener receives broadcasts. Took is the time since dialling began.
	Ready(took time.Duration)
	// Sent and Received count data messages, whatever they hold.
	Sent()
	Received()
	// Delivered: a stamp was read. Lag is the time from its arrival until then.
	Delivered(d ledger.Delivery, lag time.Duration)
	// Unstamped: a listener read a message that can't be told from any other, because
	// it carries no stamp.
	Unstamped(message []byte)
	// Erred: something went wrong that ends nothing. The names are a closed set.
	Erred(name string)
	// ErrorFrame: the gateway sent an error frame that ends nothing and answers no request that
	// waits. It counts as Erred does.
	ErrorFrame(e *dialect.Error)
	// BroadcastsSettled: it is known what became of other processes' broadcasts here.
	BroadcastsSettled(settled []ledger.Settled)
	// PublishersSilent: the publishers of these origins, in other processes, have fallen silent in
	// the midst of their broadcasts, so nobody here will know how many there were.
	PublishersSilent(origins []uint32)
	// AccountsEnded: a call of listen() holds no listeners any more. Its broadcasts are known
	// already.
	AccountsEnded(e *ledger.Ending)
	// Pong: a ping was answered.
	Pong(roundTrip time.Duration)
	// Closed: an open connection has ended.
	Closed(end Closing)
}

// Closing is how an open connection ended.
type Closing struct {
	Code   int // the WebSocket close code
	Reason string
	// ByGateway reports whether the gateway ended the connection, or what it was for.
	ByGateway bool
	// Cut reports whether a listener that was ready was cut off, by the gateway or by
	// the network.
	Cut bool
	// Violation is what the gateway sent that it must not, if that is why: a name that
	// Erred has got too. The reason says what it was.
	Violation string
	Lasted    time.Duration // since dialling began
}

// The names of what can go wrong here, besides those of the dialects and of package wire.
const (
	DamagedStamp     = "DamagedStamp"        // something like a stamp failed its checksum
	LateDelivery     = "LateDelivery"        // it came too late to be counted as received; see ledger.Outcome
	StrayDelivery    = "StrayDelivery"       // it was meant for another audience
	Silence          = "Silence"             // the gateway sent nothing for longer than it said it would
	NoStamp          = "NoStamp"             // a listener read a message without a stamp
	ForgedStamp      = "ForgedStamp"         // a stamp that this process never gave out, or from another day
	StampPatternUnit = "StampPatternUnit"    // what stampPattern found is more than a day away
	EarlyMessage     = "EarlyMessageDropped" // dropped, because too many came before the script had its connection
)

// IsResponse reports whether an error of this name is the gateway's own response to
// something, and not what this side found wrong with what it read.
func IsResponse(name string) bool {
	switch name {
	case DamagedStamp, LateDelivery, StrayDelivery, Silence, NoStamp, ForgedStamp, StampPatternUnit, EarlyMessage,
		wire.ProtocolError, wire.MessageTooBig:
		return false
	default:
		return true
	}
}
