// Package chat is the blog's chat application: what its Lambda functions
// onConnect, sendMessage and onDisconnect do on a DynamoDB table, done on a
// Store. It behaves as the original was meant to where that has mistakes.
//
// It knows nothing of WebSocket. As on AWS, all it can do to a connection is
// to post to it.
package chat

import (
	"errors"
	"time"
)

// ErrGone is the error of a post to a connection that has left, the 410 of
// @connections.
var ErrGone = errors.New("connection is gone")

// Connections is the application's way to the connections, @connections.
type Connections interface {
	// Post sends data to one connection.
	Post(connectionID string, data []byte) error
	// Broadcast announces that data is about to be posted to that many
	// connections, its sender's among them. What it returns posts it to one.
	Broadcast(sender string, data []byte, audience int) (post func(connectionID string) error, err error)
	// Joined is told of each connection that enters a room, before it hears
	// anything from there.
	Joined(connectionID string)
}

// Config is how the application broadcasts.
type Config struct {
	// Fanout is how many posts run side by side. The blog's runs one after
	// another, which is 1 and also what 0 means.
	Fanout int
	// PostTime is how much longer each post of a broadcast takes than it does
	// here. On AWS the blog measured 10 ms.
	PostTime time.Duration
}

// App is the application. Its methods may be called from several goroutines at
// once, though for one connection only from one.
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

// Stop takes no more time for each post, so that broadcasts come to an end.
func (a *App) Stop() { close(a.stop) }

// Connect is the $connect route.
func (a *App) Connect(id string) error {
	a.store.Put(id, User{})
	return nil
}

// Disconnect is the $disconnect route. Nobody is told.
func (a *App) Disconnect(id string) { a.store.Delete(id) }

// Default is the $default route: every text is one for a conversation that
// begins with the nickname.
func (a *App) Default(id, text string) error {
	user, ok := a.store.Get(id)
	switch {
	case !ok:
		return nil // it has been disconnected meanwhile
	case user.Name == "":
		return a.login(id, text)
	case text == "":
		return nil
	case text[0] == '/':
		return a.command(id, user, text[1:])
	case user.Room == "":
		return a.reply(id, "Cannot send message if not in chatroom.")
	default:
		return a.broadcast(id, user.Room, user.Name+": "+text)
	}
}

func (a *App) login(id, name string) error {
	if name == "" {
		return nil
	}
	a.store.Put(id, User{Name: name})
	return a.reply(id, "Using nickname: "+name+"\nType /help for list of commands.")
}

// reply posts to the connection that asked. That it has left is no mistake.
func (a *App) reply(id, text string) error {
	if err := a.connections.Post(id, []byte(text)); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	return nil
}
