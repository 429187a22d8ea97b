package events

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCheckChannel(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 50)
	for _, channel := range []string{"default", "/default/rooms/Room1/", "a/b/c/d/e", long + "/0", "a-b/*", "/a/b/c/d/*", "A/*/"} {
		assert.NoError(t, CheckChannel(channel), channel)
	}
	for channel, want := range map[string]string{
		"":                `segment ""`,
		"/":               `segment ""`,
		"a//b":            `segment ""`,
		"*":               `segment "*"`,
		"a/*/b":           `segment "*"`,
		"a/**":            `segment "**"`,
		"a/b*":            `segment "b*"`,
		"a/b_c":           `segment "b_c"`,
		"a/-b":            `segment "-b"`,
		"a/b-":            `segment "b-"`,
		"a/" + long + "a": "segment",
		"a/b/c/d/e/f":     "more than 5 segments",
	} {
		assert.ErrorContains(t, CheckChannel(channel), want, channel)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]bool{
		{"a/b", "a/b"}: true, {"a/b", "a/c"}: false, {"a/*", "a/b"}: true, {"a/*", "a/b/c"}: true, {"a/b/*", "a/b/c"}: true,
		{"a/*", "a"}: false, {"a/b/*", "a/bc"}: false, {"a/*", "b/a"}: false, {"a/*", "a/b/*"}: false,
	} {
		assert.Equal(t, want, Covers(pair[0], pair[1]), pair)
	}
}

func TestWildcards(t *testing.T) {
	t.Parallel()
	for channel, want := range map[string]bool{"a/*": true, "/a/b/*/": true, "a": false, "a/b": false} {
		assert.Equal(t, want, IsWildcard(channel), channel)
	}
	assert.Equal(t, "a/b", CanonicalChannel("/a/b/"))
	assert.Equal(t, "a/B", CanonicalChannel("a/B"))
}
