package events

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChannels(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 50)
	for _, row := range []struct {
		text, channel, namespace string
		wild                     bool // it may only be subscribed to
	}{
		{"default", "default", "default", false},
		{"/default/a/", "default/a", "default", false},
		{"a/b/c/d/e", "a/b/c/d/e", "a", false},
		{long + "/" + long, long + "/" + long, long, false},
		{"0/a-B-9", "0/a-B-9", "0", false},
		{"default/*", "default/*", "default", true},
		{"/a/b/c/d/*", "a/b/c/d/*", "a", true},
	} {
		channel, namespace, ok := parseChannel(row.text, true)
		require.True(t, ok, row.text)
		require.Equal(t, [2]string{row.channel, row.namespace}, [2]string{channel, namespace})
		_, _, ok = parseChannel(row.text, false)
		require.Equal(t, !row.wild, ok, "%s for publishing", row.text)
	}
	for _, text := range []string{
		"", "/", "//a", "a//b", "a/b/c/d/e/f", "a/b/c/d/e/*", long + "a", "-a", "a-", "a_b", "a.b", "a:b", "a b", "ä",
		"*", "/*", "*/a", "a/*/b", "a/**", "a/b*",
	} {
		_, _, ok := parseChannel(text, true)
		require.False(t, ok, text)
	}
}

func TestCovering(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a"}, covering("a"))
	require.Equal(t, []string{"a/b/c", "a/b/*", "a/*"}, covering("a/b/c"))
}
