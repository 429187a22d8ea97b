package routes

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
	"github.com/pushgw/xk6-pushgw/gateway/chat"
)

// App does what the routes say. Its groups are rooms of the chat application, whose
// broadcasts it makes.
type App struct {
	connections chat.Connections
	store       chat.Store
	rooms       *chat.App
	routes      Routes
}

// New returns an App on a store, which no other application may use.
func New(connections chat.Connections, store chat.Store, rooms *chat.App, routes Routes) *App {
	return &App{connections: connections, store: store, rooms: rooms, routes: routes}
}

// Connect is the $connect route.
func (a *App) Connect(id string) error {
	a.store.Put(id, chat.User{})
	return a.do(a.routes[connectKey], id, "")
}

// Disconnect is the $disconnect route.
func (a *App) Disconnect(id string) { a.store.Delete(id) }

// Default handles a message on the route that its action names, or on $default. Without
// either it returns apigw.ErrForbidden.
func (a *App) Default(id, body string) error {
	if _, open := a.store.Get(id); !open {
		return nil // it has been disconnected in the meantime
	}
	route, ok := a.routes[key(body)]
	if !ok {
		route, ok = a.routes[defaultKey]
	}
	if !ok {
		return apigw.ErrForbidden
	}
	return a.do(route, id, body)
}

// key returns the key of the route that a message selects. The reserved keys can't be
// selected.
func key(body string) string {
	action := gjson.Get(body, "action").String()
	if !gjson.Valid(body) || action == connectKey {
		return defaultKey
	}
	return action
}

func (a *App) do(route Route, id, body string) error {
	if route.Join != nil {
		a.connections.Joined(id)
		a.store.Put(id, chat.User{Room: route.Join.fill(id, body)})
	}
	if b := route.Broadcast; b != nil {
		if err := a.rooms.Broadcast(id, b.Group.fill(id, body), b.Message.fill(id, body)); err != nil {
			return err
		}
	}
	if route.Reply == nil {
		return nil
	}
	err := a.connections.Post(id, []byte(route.Reply.fill(id, body)))
	if errors.Is(err, apigw.ErrGone) {
		return nil // that it has left is no failure
	}
	return err
}
