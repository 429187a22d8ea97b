package pushgw

import (
	"context"
	"errors"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/events"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

var (
	_ publish.BatchBroadcaster = (*eventBroadcaster)(nil)
	_ publish.BatchBroadcaster = (*eventSocketBroadcaster)(nil)
	_ broadcaster              = (*eventBroadcaster)(nil)
)

// eventBroadcaster sends broadcasts as events over HTTP.
type eventBroadcaster struct {
	backend *eventAPI
	call    *call
	message *message
	// text and channel are the message's, for the present audience.
	text, channel string
}

// address implements broadcaster.
func (b *eventBroadcaster) address(audience string) error {
	b.text, b.channel = fillAudience(b.message.text, audience), b.message.channel
	if b.channel == "" || b.isForOthers(audience) {
		b.channel = audience
	}
	if reason := checkChannel(b.channel); reason != "" {
		return scriptErrorf(nameUsageError, "what goes to the audience %q can't be published to a channel of that name, which %s: "+
			"it needs an option \"channel\"", audience, reason)
	}
	if b.message.byAudience && !b.backend.ownAudience {
		return checkCanaryChannel(audience, b.channel)
	}
	return checkConcrete("a broadcast", b.channel)
}

// isForOthers reports whether the message's channel isn't the one for this audience.
func (b *eventBroadcaster) isForOthers(audience string) bool {
	return b.message.byAudience && !b.backend.ownAudience && !events.Covers(audience, b.message.channel)
}

// Send implements publish.Broadcaster.
func (b *eventBroadcaster) Send(ctx context.Context, s string) error {
	return (<-b.SendBatch(ctx, []string{s}))[0]
}

// SendBatch implements publish.BatchBroadcaster.
func (b *eventBroadcaster) SendBatch(ctx context.Context, stamps []string) <-chan []error {
	published, err := b.backend.post(ctx, b.call, b.channel, b.events(stamps))
	return answeredAlready(errorsOf(published, err, len(stamps)))
}

// events are the message with each of these stamps.
func (b *eventBroadcaster) events(stamps []string) []string {
	texts := make([]string, len(stamps))
	for i, s := range stamps {
		texts[i] = strings.ReplaceAll(b.text, stamp.Placeholder, s)
	}
	return texts
}

// Ended implements publish.Broadcaster: only an answer tells.
func (b *eventBroadcaster) Ended() <-chan struct{} { return nil }

// Close implements publish.Broadcaster: there is nothing to close.
func (b *eventBroadcaster) Close() {}

// answeredAlready is what SendBatch returns where the answer is there already.
func answeredAlready(errs []error) <-chan []error {
	answer := make(chan []error, 1)
	answer <- errs
	return answer
}

// errorsOf returns the error of each of so many events of a request to publish: what the answer
// says of each, or where there is none why the request failed.
func errorsOf(published *events.Published, err error, n int) []error {
	if published != nil {
		return published.Errors()
	}
	if isFinal(err) || isClosed(err) {
		err = &publish.FinalError{Err: err}
	}
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// isClosed reports whether a request failed because its connection is closed.
func isClosed(err error) bool {
	var known *scriptError
	return errors.As(err, &known) && known.name == nameClosedError
}

// eventSocketBroadcaster sends broadcasts as events over a connection.
type eventSocketBroadcaster struct {
	*eventBroadcaster

	host *hostConn
}

// Send implements publish.Broadcaster.
func (b *eventSocketBroadcaster) Send(ctx context.Context, s string) error {
	return (<-b.SendBatch(ctx, []string{s}))[0]
}

// SendBatch implements publish.BatchBroadcaster.
func (b *eventSocketBroadcaster) SendBatch(ctx context.Context, stamps []string) <-chan []error {
	body := credentials.PublishBody(b.channel, b.events(stamps))
	publishing, err := sendPublish(ctx, b.call, b.host, body, len(stamps))
	if err != nil {
		return answeredAlready(errorsOf(nil, err, len(stamps)))
	}
	answer := make(chan []error, 1)
	go func() {
		var published *events.Published
		_, err := recoverToError(func() (_ any, err error) {
			published, err = b.host.receivePublished(ctx, publishing)
			return nil, err
		})
		answer <- errorsOf(published, err, len(stamps))
	}()
	return answer
}

// Ended implements publish.Broadcaster.
func (b *eventSocketBroadcaster) Ended() <-chan struct{} { return b.host.conn.Done() }

// Close implements publish.Broadcaster.
func (b *eventSocketBroadcaster) Close() { b.host.Close() }
