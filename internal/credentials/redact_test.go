package credentials

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://api.example.com/graphql":          "https://api.example.com/graphql",
		"wss://api.example.com:8443/a%2Fb/":        "wss://api.example.com:8443/a%2Fb/",
		"https://h/graphql?key=secret":             "https://h/graphql",
		"https://h?key=secret":                     "https://h",
		"https://h/graphql#secret":                 "https://h/graphql",
		"https://h/graphql?a=b#c?d":                "https://h/graphql",
		"https://h/graphql#a?b":                    "https://h/graphql",
		"https://ann:secret@h/graphql?key=secret":  "https://h/graphql",
		"https://secret@h":                         "https://h",
		"https://a%40b:secret@h:1/":                "https://h:1/",
		"https://a@secret@h/x":                     "https://h/x", // the last @ counts
		"//ann:secret@h/x":                         "//h/x",
		"https://h/x?mail=a@b":                     "https://h/x",
		"https://h/@ann/x":                         "https://h/@ann/x", // no credentials, by RFC 3986
		"https://[::1]:8090/x":                     "https://[::1]:8090/x",
		"":                                         "",
		"gateway":                                  "gateway",
		"gateway/path?secret":                      "gateway/path",
		"https://no host/x?secret":                 "https://no host/x",
		"https:///x?secret":                        "https:///x",
		"https://ann:sec/ret@h/x":                  "h/x", // which is a port that isn't one
		"https://ann:sec?ret@h/x":                  "…",
		"https://ann:sec#ret@h/x":                  "…",
		"https://ann:sec%ret@h/x":                  "h/x",
		"https://ann:secret@no host/x?key=secret":  "no host/x",
		"https://ann:secret@h:port/x":              "h:port/x",
		"https:ann:secret@h/x":                     "h/x",
		"https:/ann:secret@h/x":                    "h/x",
		"ann:secret@h/x":                           "h/x",
		"ann@secret@h":                             "h",
		"ann:secret://secret@h":                    "h",
		"%zz?secret":                               "%zz",
		"\x00https://ann:secret@h/?secret#@secret": "…",
	} {
		assert.Equal(t, want, RedactURL(text), "%q", text)
	}
}

// Of a URL all is shown but its user, query and fragment. Of any other text nothing is
// shown that stands before an @ or after a question mark.
func FuzzRedactURL(f *testing.F) {
	for _, text := range []string{
		"https://ann:secret@h:1/graphql?key=secret#x", "//ann@h/x", "ann:secret@h", "https://ann:sec/ret@h/x?y", "https://a?b@c#d",
		"https:ann@h", "https://[::1%25x]/", "", "@", "?@", "…@", "://@/?#",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := RedactURL(text)
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			again, err := url.Parse(shown)
			require.NoError(t, err)
			want := *u
			want.User, want.RawQuery, want.ForceQuery, want.Fragment, want.RawFragment = nil, "", false, "", ""
			require.Equal(t, want, *again)
			return
		}
		require.NotContains(t, shown, "@")
		before, after, found := strings.Cut(text, "?")
		if found && strings.Contains(after, "@") {
			require.Equal(t, "…", shown)
			return
		}
		require.NotContains(t, shown, "?")
		if shown != "…" {
			require.True(t, strings.Contains(before[strings.LastIndexByte(before, '@')+1:], shown), "%q of %q", shown, text)
		}
	})
}
