package chat

import (
	"strings"
	"testing"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
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

// It isn't the blog's, so /help doesn't know it.
func TestWhoAmI(t *testing.T) {
	t.Parallel()
	a, p := newApp(t, Config{})
	require.NoError(t, a.Default("cat", "/whoami"))
	require.Equal(t, map[string][]string{"cat": {"cat"}}, p.to)
	require.NotContains(t, help, "whoami")
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

// What a text makes the application do, in order. A listener is announced before
// it is in the store, because a broadcast may be posted to it as soon as it is; it
// is in the store before the reply, because the client may rely on the reply.
func TestOrderOfSideEffects(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		from, text string
		gone       string
		log        []string
	}{
		"nickname": {"dan", "Dan", "", []string{
			`put dan: Dan in ""`, "post dan: Using nickname: Dan\nType /help for list of commands.",
		}},
		"join": {"cat", "/join R", "", []string{
			"joined cat", `put cat: Cat in "R"`, `post cat: Joined chat room "R"`,
		}},
		"join another": {"ann", "/join S", "", []string{
			`put ann: Ann in ""`, `post ann: Left chat room "R"`, "post bob: Ann left room.",
			"joined ann", `put ann: Ann in "S"`, `post ann: Joined chat room "S"`,
		}},
		"join the same again": {"ann", "/join R", "", []string{
			`put ann: Ann in ""`, `post ann: Left chat room "R"`, "post bob: Ann left room.",
			"joined ann", `put ann: Ann in "R"`, `post ann: Joined chat room "R"`,
		}},
		"quit": {"ann", "/quit", "", []string{
			`put ann: Ann in ""`, `post ann: Left chat room "R"`, "post bob: Ann left room.",
		}},
		"nick": {"ann", "/nick Eve", "", []string{
			`put ann: Eve in "R"`, "post ann: Nickname is: Eve", "post bob: Ann is now known as Eve.",
		}},
		"text": {"bob", "hello", "", []string{
			"broadcast of bob to 2", "post ann: Bob: hello", "post bob: Bob: hello",
		}},
		"text to one that is gone": {"bob", "hello", "ann", []string{
			"broadcast of bob to 2", "post ann: Bob: hello", "delete ann", "post bob: Bob: hello",
		}},
		"announced to one that is gone": {"bob", "/quit", "ann", []string{
			`put bob: Bob in ""`, `post bob: Left chat room "R"`, "post ann: Bob left room.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, p := newApp(t, Config{})
			if row.gone != "" {
				p.fails[row.gone] = apigw.ErrGone
			}
			require.NoError(t, a.Default(row.from, row.text))
			require.Equal(t, row.log, p.log)
		})
	}
}
