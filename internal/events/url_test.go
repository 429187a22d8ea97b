package events

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRealtimeURL(t *testing.T) {
	t.Parallel()
	for api, want := range map[string]string{
		"https://abcdefghijklmnopqrstuvwxyz.appsync-api.us-west-2.amazonaws.com/event":          "wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.us-west-2.amazonaws.com/event/realtime",
		"https://abcdefghijklmnopqrstuvwxyz.appsync-api.cn-north-1.amazonaws.com.cn/event/?a=b": "wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.cn-north-1.amazonaws.com.cn/event/realtime?a=b",
		"https://api.example.com/event":          "wss://api.example.com/event/realtime",
		"https://api.example.com/event/realtime": "wss://api.example.com/event/realtime",
		"http://127.0.0.1:8090/event":            "ws://127.0.0.1:8090/event/realtime",
	} {
		u, err := url.Parse(api)
		require.NoError(t, err)
		got, err := RealtimeURL(u)
		require.NoError(t, err)
		assert.Equal(t, want, got.String())
	}
	u, err := url.Parse("https://x.appsync-realtime-api.us-west-2.amazonaws.com/event/realtime")
	require.NoError(t, err)
	_, err = RealtimeURL(u)
	require.ErrorContains(t, err, "real-time host already")
}
