package chat

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// posts is a Connections that keeps what was posted to each connection, and a log
// of everything that was done.
type posts struct {
	mu    sync.Mutex
	to    map[string][]string
	fails map[string]error
	log   []string
	post  func() // called during each post of a broadcast, unless it is nil
}

func newPosts() *posts { return &posts{to: map[string][]string{}, fails: map[string]error{}} }

func (p *posts) logf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

func (p *posts) Post(id string, data []byte) error {
	p.logf("post %s: %s", id, data)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.fails[id]; err != nil {
		return err
	}
	p.to[id] = append(p.to[id], string(data))
	return nil
}

func (p *posts) Broadcast(sender string, data []byte, audience int) (func(string) error, error) {
	p.logf("broadcast of %s to %d", sender, audience)
	if err := p.fails["broadcast"]; err != nil {
		return nil, err
	}
	return func(id string) error {
		if p.post != nil {
			p.post()
		}
		return p.Post(id, data)
	}, nil
}

func (p *posts) Joined(id string) { p.logf("joined %s", id) }

// loggedStore is a Store whose changes are in the log of posts.
type loggedStore struct {
	*Memory

	posts *posts
}

func (s loggedStore) Put(id string, u User) {
	s.posts.logf("put %s: %s in %q", id, u.Name, u.Room)
	s.Memory.Put(id, u)
}

func (s loggedStore) Delete(id string) {
	s.posts.logf("delete %s", id)
	s.Memory.Delete(id)
}

// newApp has ann and bob in room R, cat with a name only, and dan without one.
func newApp(t *testing.T, config Config) (*App, *posts) {
	t.Helper()
	p := newPosts()
	a := New(p, loggedStore{NewMemory(), p}, config)
	for _, id := range []string{"ann", "bob", "cat", "dan"} {
		require.NoError(t, a.Connect(id))
	}
	for _, sent := range [][2]string{{"ann", "Ann"}, {"bob", "Bob"}, {"cat", "Cat"}, {"ann", "/join R"}, {"bob", "/join R"}} {
		require.NoError(t, a.Default(sent[0], sent[1]))
	}
	p.to, p.log = map[string][]string{}, nil
	return a, p
}

// inRoom is an app with that many members in a room, whose ids are of the same
// length, so that they are in order.
func inRoom(t *testing.T, config Config, members int) (a *App, p *posts, ids []string) {
	t.Helper()
	p = newPosts()
	a = New(p, NewMemory(), config)
	for i := range members {
		id := fmt.Sprintf("%03d", i)
		ids = append(ids, id)
		require.NoError(t, a.Connect(id))
		require.NoError(t, a.Default(id, "N"))
		require.NoError(t, a.Default(id, "/join R"))
	}
	p.to, p.log = map[string][]string{}, nil
	return a, p, ids
}

// within returns what f returns, or fails the test if f doesn't return.
func within[T any](t *testing.T, f func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case result := <-done:
		return result
	case <-time.After(timeout):
		require.FailNow(t, "it didn't return")
		panic("unreachable")
	}
}
