package pushgw

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

var (
	_ broadcaster = (*textBroadcaster)(nil)
	_ broadcaster = (*mutationBroadcaster)(nil)

	_ publish.EchoBroadcaster = (*textBroadcaster)(nil)
)

// broadcaster sends messages to one audience at a time.
type broadcaster interface {
	publish.Broadcaster
	// address has what is sent from now on go to the audience with this key. It fails if this
	// broadcaster can't send to it.
	address(audience string) error
}

// textBroadcaster sends broadcasts as text messages of one connection.
type textBroadcaster struct {
	host     *hostConn
	message  string // with the places for the stamp and the audience in it
	audience string
	inRooms  bool // each audience is a room, and the connection is in that one
	echoes   chan stamp.Control
}

// newTextBroadcaster returns what sends to an audience by the connection that a call opened.
func newTextBroadcaster(c *call, host *hostConn, message, audience string, inRooms bool) *textBroadcaster {
	const most = 16 // that come back before anybody waits for them are kept, the latest
	b := &textBroadcaster{host: host, message: message, audience: audience, inRooms: inRooms, echoes: make(chan stamp.Control, most)}
	c.echoes.Store(b)
	return b
}

// echo notes that the connection has heard a token.
func (b *textBroadcaster) echo(token stamp.Control) {
	for {
		select {
		case b.echoes <- token:
			return
		default:
		}
		select {
		case <-b.echoes:
		default:
		}
	}
}

// Echoes implements publish.EchoBroadcaster: whoever sends is in the audience, too.
func (b *textBroadcaster) Echoes() <-chan stamp.Control { return b.echoes }

// errOtherRoom says that a message is for another room than the connection's.
var errOtherRoom = errors.New("the connection is in another room")

// address implements broadcaster. The connection stays in its room, because the chat
// application would tell that room's members who leaves it.
func (b *textBroadcaster) address(audience string) error {
	if b.inRooms && audience != b.audience {
		return errOtherRoom
	}
	b.audience = audience
	return nil
}

// Send implements publish.Broadcaster.
func (b *textBroadcaster) Send(_ context.Context, s string) error {
	text := strings.ReplaceAll(fillAudience(b.message, b.audience), stamp.Placeholder, s)
	if err := b.host.conn.Send([]byte(text)); err != nil {
		return &publish.FinalError{Err: b.host.sendError(err)}
	}
	return nil
}

// Ended implements publish.Broadcaster.
func (b *textBroadcaster) Ended() <-chan struct{} { return b.host.conn.Done() }

// Close implements publish.Broadcaster.
func (b *textBroadcaster) Close() { b.host.Close() }

// mutationBroadcaster sends each broadcast as one mutation over HTTP.
type mutationBroadcaster struct {
	backend *appSync
	call    *call
	body    []byte // of the request, with the place for the stamp in it
}

// address implements broadcaster.
func (b *mutationBroadcaster) address(audience string) error {
	b.body = []byte(fillAudience(b.backend.mutation, audience))
	return nil
}

// Send implements publish.Broadcaster.
func (b *mutationBroadcaster) Send(ctx context.Context, s string) error {
	_, err := b.backend.post(ctx, b.call, bytes.ReplaceAll(b.body, []byte(stamp.Placeholder), []byte(s)))
	if isFinal(err) {
		return &publish.FinalError{Err: err}
	}
	return err
}

// isFinal reports whether a request would fail in the same way however often it is sent:
// the key is refused, the operation is invalid, or nothing answers requests there.
func isFinal(err error) bool {
	var refused *dialect.Error
	return errors.As(err, &refused) && refused.Final
}

// Ended implements publish.Broadcaster: only an answer tells.
func (b *mutationBroadcaster) Ended() <-chan struct{} { return nil }

// Close implements publish.Broadcaster: there is nothing to close.
func (b *mutationBroadcaster) Close() {}
