package chat

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is posted to which connections when one of them sends a text.
func TestConversation(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		from, text string
		posted     map[string][]string
	}{
		"nickname":              {"dan", "Dan", map[string][]string{"dan": {"Using nickname: Dan\nType /help for list of commands."}}},
		"any first text":        {"dan", "/help me now", map[string][]string{"dan": {"Using nickname: /help me now\nType /help for list of commands."}}},
		"empty first text":      {"dan", "", map[string][]string{}},
		"help":                  {"cat", "/help", map[string][]string{"cat": {help}}},
		"commands in capitals":  {"cat", "/HELP", map[string][]string{"cat": {help}}},
		"nick alone":            {"ann", "/nick", map[string][]string{"ann": {"Current nickname: Ann"}}},
		"nick and a space":      {"ann", "/nick ", map[string][]string{"ann": {"Current nickname: Ann"}}},
		"nick in a room":        {"ann", "/nick Eve or so", map[string][]string{"ann": {"Nickname is: Eve"}, "bob": {"Ann is now known as Eve."}}},
		"nick outside":          {"cat", "/nick Eve", map[string][]string{"cat": {"Nickname is: Eve"}}},
		"join":                  {"cat", "/join R or so", map[string][]string{"cat": {`Joined chat room "R"`}}},
		"join another":          {"ann", "/join S", map[string][]string{"ann": {`Left chat room "R"`, `Joined chat room "S"`}, "bob": {"Ann left room."}}},
		"join nothing":          {"cat", "/join", map[string][]string{"cat": {"Which chat room? Type /join {room_name}."}}},
		"join and a space":      {"cat", "/join ", map[string][]string{"cat": {"Which chat room? Type /join {room_name}."}}},
		"room":                  {"ann", "/room", map[string][]string{"ann": {"R"}}},
		"room outside":          {"cat", "/room", map[string][]string{"cat": {"Not currently in a room. Type /join {room_name} to do so."}}},
		"ls in a room":          {"ann", "/ls", map[string][]string{"ann": {"Ann\nBob"}}},
		"ls outside":            {"cat", "/ls", map[string][]string{"cat": {"R"}}},
		"quit":                  {"ann", "/quit", map[string][]string{"ann": {`Left chat room "R"`}, "bob": {"Ann left room."}}},
		"quit outside":          {"cat", "/quit", map[string][]string{}},
		"text":                  {"ann", "hello / all", map[string][]string{"ann": {"Ann: hello / all"}, "bob": {"Ann: hello / all"}}},
		"text outside":          {"cat", "hello", map[string][]string{"cat": {"Cannot send message if not in chatroom."}}},
		"empty text":            {"ann", "", map[string][]string{}},
		"unknown":               {"ann", "/Dance now", map[string][]string{"ann": {"Unknown command: dance"}}},
		"a slash":               {"cat", "/", map[string][]string{"cat": {"Unknown command: "}}},
		"somebody disconnected": {"eve", "hello", map[string][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, p := newApp(t, Config{})
			require.NoError(t, a.Default(row.from, row.text))
			require.Equal(t, row.posted, p.to)
		})
	}
}

func TestADisconnectPostsNothing(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	a.Disconnect("ann")
	require.Empty(t, p.to)
	require.NoError(t, a.Default("bob", "/ls"))
	require.Equal(t, []string{"Bob"}, p.to["bob"])
}

func TestFailedPostsAreReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	a, p := newApp(t, Config{})
	p.fails["bob"] = broken
	require.ErrorIs(t, a.Default("ann", "hello"), broken)
	require.Equal(t, []string{"Ann: hello"}, p.to["ann"], "the others get it")
	require.ErrorIs(t, a.Default("bob", "/room"), broken)
	require.ErrorIs(t, a.Default("ann", "/quit"), broken)
	p.fails["broadcast"] = broken
	require.ErrorIs(t, a.Default("bob", "hello"), broken)
}
