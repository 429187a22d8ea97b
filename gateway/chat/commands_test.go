package chat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
	for _, sent := range [][2]string{{"ann", "/quit"}, {"bob", "/quit"}} {
		require.NoError(t, a.Default(sent[0], sent[1]))
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

func TestJoiningIsAnnounced(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	require.NoError(t, a.Default("cat", "/join R"))
	require.Equal(t, []string{"ann", "bob", "cat"}, p.joined)
}
