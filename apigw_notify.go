package pushgw

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// maxPosts is how many posts may await their answers at a time: enough for all of an
// account's 10,000 requests a second (API Gateway's quotas) where each takes 50 ms.
const maxPosts = 500

// notify is the JavaScript method: it posts stamped messages by @connections, each to one
// listener, and waits for the account of the deliveries.
func (c *client) notify(g *apiGateway, value sobek.Value) *sobek.Promise {
	b := c.readBroadcast("notify()", value, c.constantAudience)
	if !slices.ContainsFunc(g.handshake, func(s apigw.Step) bool { return s.TellsID() }) {
		c.module.throw(scriptErrorf(nameUsageError, "notify() has no connection ids to post to: "+
			"a step of the client's option \"handshake\" must find them, by a pattern with a group (?<connectionId>…)"))
	}
	b.plan.InFlight = maxPosts
	call := c.begin("notify()", identity{role: telemetry.RoleHost})
	return call.promise(func(ctx context.Context) (any, error) {
		if _, err := call.requestHeader(ctx); err != nil { // here, because posts are sent at the same time
			return nil, &scriptError{name: namePublishError, err: err}
		}
		to := c.audience(b.audience)
		return call.run(ctx, b, &notifier{
			backend: g, call: call, to: to, message: fillAudience(b.message.text, b.audience),
			last: make(map[*ledger.Member]<-chan struct{}),
		})
	})
}

// notifier posts each message to one listener of an audience, in turn. It implements
// publish.Notifier.
type notifier struct {
	backend *apiGateway
	call    *call
	to      *ledger.Audience
	message string           // with the place for the stamp in it
	next    ledger.Addressee // whom the next message is for

	mu sync.Mutex
	// last has for each listener to whom a post is under way the channel that is closed when
	// the latest is over.
	last map[*ledger.Member]<-chan struct{}
}

var _ publish.Notifier = (*notifier)(nil)

// Next implements publish.Notifier.
func (n *notifier) Next() (*ledger.Member, error) {
	var ok bool
	if n.next, ok = n.to.NextAddressee(); !ok {
		listeners, _ := n.to.Watch()
		return nil, scriptErrorf(namePublishError, "there is nobody to notify: of the %d listeners of the audience %q that are ready in this process, "+
			"no connection that the gateway still has has told its id; await ready() before notify()", listeners.Ready, n.to.Name().Key)
	}
	return n.next.Member, nil
}

// Send implements publish.Broadcaster.
func (n *notifier) Send(ctx context.Context, s string) error {
	return (<-n.SendBatch(ctx, []string{s}))[0]
}

// SendBatch implements publish.BatchBroadcaster. Posts to one listener wait for each other, so
// that it is the gateway's doing if any overtakes another.
func (n *notifier) SendBatch(ctx context.Context, stamps []string) <-chan []error {
	to, answer, done := n.next, make(chan []error, 1), make(chan struct{})
	n.mu.Lock()
	before := n.last[to.Member]
	n.last[to.Member] = done
	n.mu.Unlock()
	go func() {
		defer close(done)
		if before != nil {
			<-before // which ends with the context at the latest
		}
		_, err := recoverToError(func() (any, error) { return nil, n.post(ctx, to, stamps[0]) })
		n.over(to.Member, done)
		answer <- []error{err}
	}()
	return answer
}

// over forgets a post that is over, unless another one waits for it.
func (n *notifier) over(to *ledger.Member, done <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last[to] == done {
		delete(n.last, to)
	}
}

// post posts the message with this stamp. What is refused because the connection is gone was
// sent all the same: ledger says what becomes of a delivery to whom is gone.
func (n *notifier) post(ctx context.Context, to ledger.Addressee, s string) error {
	body := strings.ReplaceAll(n.message, stamp.Placeholder, s)
	_, err := n.backend.manage(ctx, n.call, http.MethodPost, to.Address, []byte(body))
	var refused *dialect.Error
	switch {
	case errors.As(err, &refused) && refused.Name == apigw.Gone:
		n.to.ForgetAddress(to.Member)
		n.call.warnOnce(true, apigw.Gone, "the gateway says that the connection is gone to which a message was posted; nothing more is posted to that listener "+
			"(only the first such is logged, pushgw_errors{error:Gone} counts all)")
		return nil
	case isFinal(err), errors.Is(err, credentials.ErrUnsigned):
		return &publish.FinalError{Err: err}
	default:
		return err
	}
}

// Ended implements publish.Broadcaster: only an answer tells.
func (n *notifier) Ended() <-chan struct{} { return nil }

// Close implements publish.Broadcaster: there is nothing to close.
func (n *notifier) Close() {}
