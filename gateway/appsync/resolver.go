package appsync

import (
	"context"
	"errors"

	"github.com/graph-gophers/graphql-go"
)

// resolver resolves the root fields of the schema.
type resolver struct {
	rooms   rooms
	publish func(p *published)
}

// errRealtime is the error of a query or a mutation over WebSocket, where
// AppSync takes subscriptions only.
var errRealtime = errors.New("not supported through the realtime channel")

// purposeKey is the key under which the context of a subscription's document has
// what it is executed for: an *inquiry or a *published. A request over HTTP has
// neither.
type purposeKey struct{}

// inquiry is filled in by executing a subscription's document.
type inquiry struct {
	filter filter
	found  bool // the document is a subscription
}

// roomConnection is a list of rooms.
type roomConnection struct{ items []*room }

func (c *roomConnection) Items() []*room { return c.items }

// GetRoom returns a room, or null.
func (r *resolver) GetRoom(ctx context.Context, args struct{ ID graphql.ID }) (*room, error) {
	if ctx.Value(purposeKey{}) != nil {
		return nil, errRealtime
	}
	return r.rooms.get(string(args.ID)), nil
}

// ListRooms returns the latest rooms.
func (r *resolver) ListRooms(ctx context.Context, args struct{ Limit *int32 }) (*roomConnection, error) {
	const defaultLimit = 100 // that of AppSync's generated resolvers
	if ctx.Value(purposeKey{}) != nil {
		return nil, errRealtime
	}
	limit := defaultLimit
	if args.Limit != nil {
		limit = int(*args.Limit)
	}
	return &roomConnection{r.rooms.list(limit)}, nil
}

// CreateRoom creates a room and publishes what the mutation selects of it.
func (r *resolver) CreateRoom(ctx context.Context, args struct {
	Input struct {
		Title string
		Owner *string
	}
},
) (*room, error) {
	if ctx.Value(purposeKey{}) != nil {
		return nil, errRealtime
	}
	created := r.rooms.create(args.Input.Title, args.Input.Owner)
	r.publish(&published{room: created, selected: graphql.SelectedFieldNames(ctx)})
	return created, nil
}

// OnCreateRoom yields the one room that the document is executed for, or fills in
// the inquiry.
func (r *resolver) OnCreateRoom(ctx context.Context, args filter) <-chan *published {
	rooms := make(chan *published, 1)
	switch purpose := ctx.Value(purposeKey{}).(type) {
	case *inquiry:
		purpose.filter, purpose.found = args, true
	case *published:
		rooms <- purpose
	}
	close(rooms)
	return rooms
}
