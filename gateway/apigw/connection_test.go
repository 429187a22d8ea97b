package apigw

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// The client gets an error frame however an integration fails, and the connection
// stays open.
func TestAFailingIntegration(t *testing.T) {
	t.Parallel()
	i, conn, _ := open(t, Config{IntegrationTimeout: time.Minute})
	for _, text := range []string{"fail", "panic"} {
		require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(text)))
		require.Equal(t, "Internal server error", gjson.Get(receive(t, conn), "message").Str)
	}
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("work")))
	require.Equal(t, "did work", receive(t, conn))
	require.NoError(t, conn.Close())
	require.True(t, wellFormed(<-i.disconnected))
}

func TestASlowIntegration(t *testing.T) {
	t.Parallel()
	_, conn, _ := open(t, Config{IntegrationTimeout: time.Millisecond})
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("sleep")))
	require.Equal(t, "Endpoint request timed out", gjson.Get(receive(t, conn), "message").Str)
	require.Equal(t, "did sleep", receive(t, conn), "it goes on nevertheless")
}
