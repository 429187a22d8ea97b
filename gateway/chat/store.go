package chat

import (
	"maps"
	"slices"
	"sync"
)

// User is what is stored about a connection. Name and Room are empty until the
// client gives them.
type User struct {
	Name string
	Room string
}

// Store is where the application keeps its users: in the blog, a DynamoDB table.
type Store interface {
	Put(connectionID string, u User)
	Get(connectionID string) (User, bool)
	Delete(connectionID string)
	// Members returns the ids of the connections in a room, in order, as the
	// blog's index does. The caller must not change the slice.
	Members(room string) []string
	// Rooms returns the names of the rooms that are not empty, in order.
	Rooms() []string
}

// Memory is a Store in memory. It is safe for use by several goroutines.
type Memory struct {
	mu    sync.RWMutex
	users map[string]User
	rooms map[string]*room
}

// room keeps the sorted list of its members for the next broadcast, because most
// broadcasts go to the same members as the one before.
type room struct {
	members map[string]struct{}
	ordered []string // nil if the members have changed since
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{users: map[string]User{}, rooms: map[string]*room{}}
}

// Put stores a connection's user, in place of what was stored before.
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

// leave takes a connection out of its room, unless next is the same room.
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

// Get returns a connection's user.
func (m *Memory) Get(id string) (User, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	u, ok := m.users[id]
	return u, ok
}

// Delete removes a connection.
func (m *Memory) Delete(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leave(id, "")
	delete(m.users, id)
}

// Members returns the ids of the connections in a room, in order.
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

// Rooms returns the names of the rooms that are not empty, in order.
func (m *Memory) Rooms() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Sorted(maps.Keys(m.rooms))
}

// Joined returns how many connections are in a room.
func (m *Memory) Joined() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n := 0
	for _, r := range m.rooms {
		n += len(r.members)
	}
	return n
}
