package chat

import (
	"maps"
	"slices"
	"sync"
)

// User is what is known of a connection. Both are empty until they are given.
type User struct {
	Name string
	Room string
}

// Store is the application's memory, DynamoDB in the blog.
type Store interface {
	Put(connectionID string, u User)
	Get(connectionID string) (User, bool)
	Delete(connectionID string)
	// Members lists the connections in a room, ordered by their ids as the
	// blog's index is. The list must not be changed.
	Members(room string) []string
	// Rooms lists the rooms that somebody is in, in order.
	Rooms() []string
}

// Memory is a Store in memory. It is safe for use by several goroutines.
type Memory struct {
	mu    sync.RWMutex
	users map[string]User
	rooms map[string]*room
}

// room keeps its members in order for the next broadcast, which most of the
// time goes to the same ones as the last.
type room struct {
	members map[string]struct{}
	ordered []string // nil when members have changed
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{users: map[string]User{}, rooms: map[string]*room{}}
}

// Put remembers what is known of a connection.
func (m *Memory) Put(id string, u User) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leave(id, u.Room)
	m.users[id] = u
	if u.Room == "" {
		return
	}
	r := m.rooms[u.Room]
	if r == nil {
		r = &room{members: map[string]struct{}{}}
		m.rooms[u.Room] = r
	}
	if _, ok := r.members[id]; !ok {
		r.members[id] = struct{}{}
		r.ordered = nil
	}
}

// leave takes a connection out of its room unless that is the one to be in.
func (m *Memory) leave(id, next string) {
	name := m.users[id].Room
	if name == "" || name == next {
		return
	}
	r := m.rooms[name]
	delete(r.members, id)
	r.ordered = nil
	if len(r.members) == 0 {
		delete(m.rooms, name)
	}
}

// Get returns what Put was given.
func (m *Memory) Get(id string) (User, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	u, ok := m.users[id]
	return u, ok
}

// Delete forgets a connection.
func (m *Memory) Delete(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leave(id, "")
	delete(m.users, id)
}

// Members lists the connections in a room.
func (m *Memory) Members(name string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rooms[name]
	if r == nil {
		return nil
	}
	if r.ordered == nil {
		r.ordered = slices.Sorted(maps.Keys(r.members))
	}
	return r.ordered
}

// Rooms lists the rooms that somebody is in.
func (m *Memory) Rooms() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Sorted(maps.Keys(m.rooms))
}

// Joined is how many connections are in a room.
func (m *Memory) Joined() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n := 0
	for _, r := range m.rooms {
		n += len(r.members)
	}
	return n
}
