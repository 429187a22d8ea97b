package chat

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// posts is a Connections that keeps what was posted to each connection.
type posts struct {
	mu     sync.Mutex
	to     map[string][]string
	fails  map[string]error
	joined []string
}

func (p *posts) Post(id string, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.fails[id]; err != nil {
		return err
	}
	p.to[id] = append(p.to[id], string(data))
	return nil
}

func (p *posts) Broadcast(_ string, data []byte, _ int) (func(string) error, error) {
	if err := p.fails["broadcast"]; err != nil {
		return nil, err
	}
	return func(id string) error { return p.Post(id, data) }, nil
}

func (p *posts) Joined(id string) { p.joined = append(p.joined, id) }

// newApp has ann and bob in room R, cat with a name only, and dan without one.
func newApp(t *testing.T, config Config) (*App, *posts) {
	t.Helper()
	p := &posts{to: map[string][]string{}, fails: map[string]error{}}
	a := New(p, NewMemory(), config)
	for _, id := range []string{"ann", "bob", "cat", "dan"} {
		require.NoError(t, a.Connect(id))
	}
	for _, sent := range [][2]string{{"ann", "Ann"}, {"bob", "Bob"}, {"cat", "Cat"}, {"ann", "/join R"}, {"bob", "/join R"}} {
		require.NoError(t, a.Default(sent[0], sent[1]))
	}
	p.to = map[string][]string{}
	return a, p
}
