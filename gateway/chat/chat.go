// Package chat is the blog's chat application: what its Lambda functions
// onConnect, sendMessage and onDisconnect do on a DynamoDB table, done on a
// Store. Where the original has mistakes, it does what was intended.
//
// It knows nothing of WebSocket. As on AWS, all it can do to a connection is
// to post to it.
package chat

import (
	"errors"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
)

// Connections is what the application needs of the platform. A post to a
// connection that has been closed fails with apigw.ErrGone.
type Connections interface {
	// Post sends data to one connection.
	Post(connectionID string, data []byte) error
	// Broadcast announces that data is about to be posted to that many
	// connections, the sender's among them. It returns what posts it to one.
	Broadcast(sender string, data []byte, audience int) (post func(connectionID string) error, err error)
	// Joined announces that a connection is about to enter a room. It is called
	// before anything from that room is posted to the connection.
	Joined(connectionID string)
}

// Config is how the application broadcasts.
type Config struct {
	// Fanout is how many posts run at the same time. The blog's application makes
	// one after another, which is 1; 0 means the same.
	Fanout int
	// PostTime is added to the time that each post of a broadcast takes. On AWS
	// the blog measured 10 ms a post.
	PostTime time.Duration
}

// App is the application. Its methods may be called from several goroutines at
// once. If that is so for one connection, it does what the original does then: two
// first texts may both be taken as nicknames, and texts may change places.
type App struct {
	connections Connections
	store       Store
	config      Config
	stop        chan struct{}
}

// New returns an App on a store.
func New(connections Connections, store Store, config Config) *App {
	config.Fanout = max(config.Fanout, 1)
	return &App{connections: connections, store: store, config: config, stop: make(chan struct{})}
}

// Stop makes posts take no added time from now on, so that broadcasts that are
// being posted end soon.
func (a *App) Stop() { close(a.stop) }

// Connect is the $connect route.
func (a *App) Connect(id string) error {
	a.store.Put(id, User{})
	return nil
}

// Disconnect is the $disconnect route. Nothing is posted to the others.
func (a *App) Disconnect(id string) { a.store.Delete(id) }

// Default is the $default route. The first text of a connection is its
// nickname; what later ones are depends on how they begin.
func (a *App) Default(id, text string) error {
	user, ok := a.store.Get(id)
	switch {
	case !ok:
		return nil // it has been disconnected in the meantime
	case user.Name == "":
		return a.login(id, text)
	case text == "":
		return nil
	case text[0] == '/':
		return a.command(id, user, text[1:])
	case user.Room == "":
		return a.reply(id, "Cannot send message if not in chatroom.")
	default:
		return a.Broadcast(id, user.Room, user.Name+": "+text)
	}
}

func (a *App) login(id, name string) error {
	if name == "" {
		return nil
	}
	a.store.Put(id, User{Name: name})
	return a.reply(id, "Using nickname: "+name+"\nType /help for list of commands.")
}

// reply posts a text to one connection. That it has been closed is no error.
func (a *App) reply(id, text string) error {
	if err := a.connections.Post(id, []byte(text)); err != nil && !errors.Is(err, apigw.ErrGone) {
		return err
	}
	return nil
}
