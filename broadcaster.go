package pushgw

import (
	"bytes"
	"context"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

var (
	_ publish.Broadcaster = (*textBroadcaster)(nil)
	_ publish.Broadcaster = (*mutationBroadcaster)(nil)
)

// textBroadcaster sends broadcasts as text messages of one connection.
type textBroadcaster struct {
	host    *hostConn
	message string // with the place for the stamp in it
}

// Send implements publish.Broadcaster.
func (b *textBroadcaster) Send(_ context.Context, s string) error {
	return b.host.Send(strings.ReplaceAll(b.message, stamp.Placeholder, s))
}

// Close implements publish.Broadcaster.
func (b *textBroadcaster) Close() { b.host.Close() }

// mutationBroadcaster sends each broadcast as one mutation over HTTP.
type mutationBroadcaster struct {
	backend *appSync
	call    *call
	body    []byte // of the request, with the place for the stamp in it
}

// Send implements publish.Broadcaster.
func (b *mutationBroadcaster) Send(ctx context.Context, s string) error {
	_, err := b.backend.post(ctx, b.call, bytes.ReplaceAll(b.body, []byte(stamp.Placeholder), []byte(s)))
	return err
}

// Close implements publish.Broadcaster: there is nothing to close.
func (b *mutationBroadcaster) Close() {}
