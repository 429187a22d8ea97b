package appsync

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func TestRealtimeURL(t *testing.T) {
	t.Parallel()
	const id = "abcdefghijklmnopqrstuvwxyz"
	tests := []struct{ name, graphql, want string }{
		{
			"standard", "https://" + id + ".appsync-api.us-west-2.amazonaws.com/graphql",
			"wss://" + id + ".appsync-realtime-api.us-west-2.amazonaws.com/graphql",
		},
		{
			"China", "https://" + id + ".appsync-api.cn-northwest-1.amazonaws.com.cn/graphql",
			"wss://" + id + ".appsync-realtime-api.cn-northwest-1.amazonaws.com.cn/graphql",
		},
		{
			"a region of four parts", "https://" + id + ".appsync-api.us-gov-west-1.amazonaws.com/graphql",
			"wss://" + id + ".appsync-realtime-api.us-gov-west-1.amazonaws.com/graphql",
		},
		{
			"upper case", "HTTPS://" + id + ".AppSync-API.US-west-2.AmazonAWS.com/graphql",
			"wss://" + id + ".appsync-realtime-api.US-west-2.AmazonAWS.com/graphql",
		},
		{
			"a slash too many, a query, a port and a fragment",
			"https://" + id + ".appsync-api.us-west-2.amazonaws.com:443/graphql/?a=b#c",
			"wss://" + id + ".appsync-realtime-api.us-west-2.amazonaws.com:443/graphql?a=b",
		},
		{"custom domain", "https://api.example.com/graphql", "wss://api.example.com/graphql/realtime"},
		{"custom domain with a slash", "https://api.example.com/graphql/", "wss://api.example.com/graphql/realtime"},
		{"custom domain with a query", "https://api.example.com/graphql?a=b%20c", "wss://api.example.com/graphql/realtime?a=b%20c"},
		{"custom domain, real-time already", "wss://api.example.com/graphql/realtime/", "wss://api.example.com/graphql/realtime"},
		{"only like a standard host", "https://x.appsync-api.us-west-2.amazonaws.com.example.com/graphql", "wss://x.appsync-api.us-west-2.amazonaws.com.example.com/graphql/realtime"},
		{"local", "http://127.0.0.1:8090/graphql", "ws://127.0.0.1:8090/graphql/realtime"},
		{"local, IPv6", "ws://[::1]:8090/graphql", "ws://[::1]:8090/graphql/realtime"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			graphql := parseURL(t, test.graphql)
			before := *graphql
			got, err := RealtimeURL(graphql)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.String())
			assert.Equal(t, before, *graphql, "the argument is left alone")

			again, err := RealtimeURL(got)
			if err == nil {
				assert.Equal(t, test.want, again.String())
			}
		})
	}
}

func TestRealtimeURLErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ftp://api.example.com/graphql": `"ftp"`,
		"api.example.com/graphql":       `""`,
		"https:///graphql":              "no host",
		"https://x.appsync-realtime-api.us-west-2.amazonaws.com/graphql": "real-time host already",
	} {
		_, err := RealtimeURL(parseURL(t, text))
		assert.ErrorContains(t, err, want, text)
	}
}

func FuzzRealtimeURL(f *testing.F) {
	for _, text := range []string{
		"https://abc.appsync-api.us-west-2.amazonaws.com/graphql", "wss://abc.appsync-realtime-api.us-west-2.amazonaws.com/graphql",
		"https://abc.appsync-api.us-west-2.amazonaws.com:443//?a=b#c", "https://api.example.com/graphql", "http://ann:secret@127.0.0.1:8090",
		"ws://[::1]:8090/graphql/realtime/", "https:graphql", "https://:1/", "ftp://h", "https://h/%2F", "http://h/?", "https://[fe80::1%25eth0]/",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		before := *u
		got, err := RealtimeURL(u)
		require.Equal(t, before, *u, "the argument is left alone")
		if err != nil {
			require.Nil(t, got)
			return
		}
		secure := map[string]bool{"https": true, "wss": true, "http": false, "ws": false}
		require.Contains(t, secure, u.Scheme)
		require.Equal(t, map[bool]string{true: "wss", false: "ws"}[secure[u.Scheme]], got.Scheme)
		require.Equal(t, u.RawQuery, got.RawQuery)
		require.Equal(t, u.Port(), got.Port())
		require.Equal(t, u.User, got.User)
		require.Empty(t, got.Fragment)
		if got.Host != u.Host {
			require.Contains(t, got.Host, ".appsync-realtime-api.")
			require.Equal(t, strings.TrimRight(u.Path, "/"), got.Path)
			return
		}
		require.True(t, strings.HasSuffix(got.Path, "/realtime"))
		again, err := RealtimeURL(got)
		require.NoError(t, err)
		require.Equal(t, got.String(), again.String())
		_, err = url.Parse(got.String())
		require.NoError(t, err)
	})
}
