package appsync

import (
	"slices"
	"sync"
	"time"

	"github.com/graph-gophers/graphql-go"
)

// room is the blog's Room.
type room struct {
	id        string
	title     string
	owner     *string
	createdAt string
}

func (r *room) ID() graphql.ID    { return graphql.ID(r.id) }
func (r *room) Title() string     { return r.title }
func (r *room) Owner() *string    { return r.owner }
func (r *room) CreatedAt() string { return r.createdAt }

// rooms keeps the latest rooms only, so that a long test doesn't fill memory.
type rooms struct {
	mu     sync.RWMutex
	latest []*room // a ring once it is full
	oldest int
}

// maxRooms is how many rooms are kept.
const maxRooms = 1000

func (s *rooms) create(title string, owner *string) *room {
	const iso = "2006-01-02T15:04:05.000Z"
	r := &room{id: newUUID(), title: title, owner: owner, createdAt: time.Now().UTC().Format(iso)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.latest) < maxRooms {
		s.latest = append(s.latest, r)
	} else {
		s.latest[s.oldest] = r
		s.oldest = (s.oldest + 1) % maxRooms
	}
	return r
}

func (s *rooms) get(id string) *room {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := slices.IndexFunc(s.latest, func(r *room) bool { return r.id == id })
	if i < 0 {
		return nil
	}
	return s.latest[i]
}

// list returns up to limit rooms, latest first.
func (s *rooms) list(limit int) []*room {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := len(s.latest)
	list := make([]*room, 0, min(max(limit, 0), n))
	for i := range cap(list) {
		list = append(list, s.latest[(s.oldest+n-1-i)%n])
	}
	return list
}
