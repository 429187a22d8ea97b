package chat

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
	"github.com/stretchr/testify/require"
)

// posts stands for @connections: it keeps what was posted to each connection.
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
	for _, said := range [][2]string{{"ann", "Ann"}, {"bob", "Bob"}, {"cat", "Cat"}, {"ann", "/join R"}, {"bob", "/join R"}} {
		require.NoError(t, a.Default(said[0], said[1]))
	}
	p.to = map[string][]string{}
	return a, p
}

// Each row of the chat's protocol: what somebody says, what is posted to whom.
func TestConversation(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		from, says string
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
			require.NoError(t, a.Default(row.from, row.says))
			require.Equal(t, row.posted, p.to)
		})
	}
}

func TestHelpHasItsLines(t *testing.T) {
	t.Parallel()
	lines := strings.Split(help, "\n")
	require.Len(t, lines, 15)
	require.Equal(t, "Commands available:", lines[0])
	require.Equal(t, "    /help", lines[1])
	require.Equal(t, "          显示此消息", lines[2])
	require.Empty(t, lines[13])
}

func TestListingNoRooms(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	for _, said := range [][2]string{{"ann", "/quit"}, {"bob", "/quit"}} {
		require.NoError(t, a.Default(said[0], said[1]))
	}
	p.to = map[string][]string{}
	require.NoError(t, a.Default("cat", "/ls"))
	require.Equal(t, map[string][]string{"cat": {""}}, p.to)
}

func TestARenamedUserSpeaksUnderTheNewName(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	require.NoError(t, a.Default("ann", "/nick Eve"))
	require.NoError(t, a.Default("ann", "hello"))
	require.Equal(t, []string{"Ann is now known as Eve.", "Eve: hello"}, p.to["bob"])
}

func TestJoiningIsToldBeforeAnythingIsHeard(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	require.NoError(t, a.Default("cat", "/join R"))
	require.Equal(t, []string{"ann", "bob", "cat"}, p.joined)
}

func TestNobodyIsToldOfADisconnect(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	a.Disconnect("ann")
	require.Empty(t, p.to)
	require.NoError(t, a.Default("bob", "/ls"))
	require.Equal(t, []string{"Bob"}, p.to["bob"])
}

func TestABroadcastPassesOverTheDead(t *testing.T) {
	t.Parallel()
	for _, fanout := range []int{0, 1, 2, 7, 100} {
		t.Run(strconv.Itoa(fanout), func(t *testing.T) {
			t.Parallel()
			a, p := newApp(t, Config{Fanout: fanout, PostTime: time.Microsecond})
			p.fails["ann"] = apigw.ErrGone
			require.NoError(t, a.Default("cat", "/join R"))
			require.NoError(t, a.Default("bob", "hello"))
			require.Equal(t, "Bob: hello", p.to["bob"][0])
			require.Equal(t, "Bob: hello", p.to["cat"][1])
			p.fails["ann"] = nil
			require.NoError(t, a.Default("bob", "again"))
			require.Empty(t, p.to["ann"], "it was taken out of the room")
		})
	}
}

func TestFailuresAreTold(t *testing.T) {
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

// Two texts of one sender, one after the other, however many posts run at once.
func TestFannedOutBroadcastsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	const members, texts = 40, 50
	p := &posts{to: map[string][]string{}}
	a := New(p, NewMemory(), Config{Fanout: 8})
	for i := range members {
		id := strconv.Itoa(i)
		require.NoError(t, a.Connect(id))
		require.NoError(t, a.Default(id, "N"))
		require.NoError(t, a.Default(id, "/join R"))
	}
	p.to = map[string][]string{}
	var want []string
	for i := range texts {
		text := strconv.Itoa(i)
		require.NoError(t, a.Default("0", text))
		want = append(want, "N: "+text)
	}
	require.Len(t, p.to, members)
	for _, got := range p.to {
		require.Equal(t, want, got)
	}
}
