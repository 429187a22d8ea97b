package chat

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryKnowsWhoIsWhere(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	_, ok := m.Get("b")
	require.False(t, ok)
	require.Empty(t, m.Members("R"))

	m.Put("b", User{Name: "B", Room: "R"})
	m.Put("a", User{Name: "A", Room: "R"})
	m.Put("c", User{Name: "C"})
	require.Equal(t, []string{"a", "b"}, m.Members("R"))
	require.Equal(t, 2, m.Joined())

	m.Put("b", User{Name: "B", Room: "Q"})
	require.Equal(t, []string{"a"}, m.Members("R"))
	require.Equal(t, []string{"Q", "R"}, m.Rooms())

	m.Put("a", User{Name: "A"})
	require.Equal(t, []string{"Q"}, m.Rooms())
	u, ok := m.Get("a")
	require.True(t, ok)
	require.Equal(t, User{Name: "A"}, u)

	m.Delete("b")
	m.Delete("nobody")
	_, ok = m.Get("b")
	require.False(t, ok)
	require.Empty(t, m.Rooms())
	require.Zero(t, m.Joined())
}

// A list that was returned stays as it was, because a broadcast may be using it.
func TestMembersDoNotChangeUnderABroadcast(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	m.Put("a", User{Name: "A", Room: "R"})
	m.Put("b", User{Name: "B", Room: "R"})
	before := m.Members("R")
	m.Delete("a")
	m.Put("c", User{Name: "C", Room: "R"})
	require.Equal(t, []string{"a", "b"}, before)
	require.Equal(t, []string{"b", "c"}, m.Members("R"))
}

// The sorted list is made again only when members have come or gone.
func TestANewNameKeepsTheList(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	m.Put("a", User{Name: "A", Room: "R"})
	m.Put("b", User{Name: "B", Room: "R"})
	before := m.Members("R")
	m.Put("a", User{Name: "Z", Room: "R"})
	after := m.Members("R")
	require.Equal(t, []string{"a", "b"}, after)
	require.Same(t, &before[0], &after[0])
}

func TestANewMemberIsInTheList(t *testing.T) {
	t.Parallel()
	m := NewMemory()
	m.Put("b", User{Name: "B", Room: "R"})
	require.Equal(t, []string{"b"}, m.Members("R"))
	m.Put("a", User{Name: "A", Room: "R"})
	require.Equal(t, []string{"a", "b"}, m.Members("R"))
	m.Put("b", User{Name: "B", Room: "S"})
	require.Equal(t, []string{"a"}, m.Members("R"))
}
