package gateway_test

import (
	"testing"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/routes"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func startRoutes(t *testing.T, file string) *server {
	t.Helper()
	parsed, err := routes.Parse([]byte(file))
	require.NoError(t, err)
	return start(t, gateway.Config{Routes: parsed})
}

// A message goes to the route that its action names; what is broadcast is in the account.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := startRoutes(t, `{
		"join": {"join": "$request.body.room", "reply": {"joined": "$request.body.room", "by": "$context.connectionId"}},
		"say": {"broadcast": {"group": "$request.body.room", "message": "news: $request.body.text"}, "reply": "said"},
		"nothing": {}
	}`)
	listener, other, publisher := s.dial("/dev", nil), s.dial("/dev", nil), s.dial("/dev", nil)
	listener.send(`{"action": "join", "room": "R"}`)
	require.Equal(t, "R", gjson.Get(listener.receive(), "joined").Str)
	other.send(`{"action": "join", "room": "R"}`)
	require.Len(t, gjson.Get(other.receive(), "by").Str, 16)
	require.Equal(t, 2, s.stats().APIGateway.Ready)
	other.send(`{"action": "join", "room": "S"}`)
	require.Equal(t, "S", gjson.Get(other.receive(), "joined").Str)

	text := stamped(1)
	publisher.send(`{"action": "nothing"}`)
	publisher.send(`{"action": "say", "room": "R", "text": "` + text + `"}`)
	require.Equal(t, "said", publisher.receive())
	require.Equal(t, "news: "+text, listener.receive())
	for _, text := range []string{`{"action": "sing"}`, `{"action": "$connect"}`, `{}`, `no JSON`, ``} {
		publisher.send(text)
		require.Equal(t, "Forbidden", gjson.Get(publisher.receive(), "message").Str, text)
	}
	side := s.stats().APIGateway
	require.Equal(t, truth.Counts{Audience: 1, Delivered: 1}, side.Totals.Counts)
	require.EqualValues(t, 5, side.Errors)
}

// What no route has goes to $default, and whoever connects may be in a group at once.
func TestReservedRoutes(t *testing.T) {
	t.Parallel()
	s := startRoutes(t, `{"$connect": {"join": "all"}, "$default": {"broadcast": {"group": "all", "message": "some: $request.body.text"}}}`)
	one, two := s.dial("/dev", nil), s.dial("/dev", nil)
	s.eventually("joined", func(s gateway.Stats) bool { return s.APIGateway.Ready == 2 && s.APIGateway.Open == 2 })
	one.send(`{"action": "unknown", "text": "a"}`)
	for _, c := range []*client{one, two} {
		require.Equal(t, "some: a", c.receive())
	}
	require.NoError(t, two.Close())
	s.eventually("left", func(s gateway.Stats) bool { return s.APIGateway.Ready == 1 })
	one.send(`no JSON`)
	require.Equal(t, "some: ", one.receive())
}
