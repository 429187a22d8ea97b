package appsync

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// The exact bytes of everything that a client sends, as AppSync's developer guide has
// them in "Building a real-time WebSocket client".
func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	const (
		data  = `{"query":"subscription { onCreateRoom { id } }","variables":{}}`
		proof = `{"host":"example.appsync-api.us-east-1.amazonaws.com","x-api-key":"da2-key"}`
		start = `","type":"start","payload":{"data":"{\"query\":\"subscription { onCreateRoom { id } }\",\"variables\":{}}",` +
			`"extensions":{"authorization":` + proof + `}}}`
	)
	s := New([][]byte{StartFrame(realtime.HandshakeID(0), data, []byte(proof))})
	assert.Equal(t, `{"type":"connection_init"}`, string(s.Open().Answer))
	assert.Equal(t, `{"id":"1`+start, string(s.Receive([]byte(`{"type":"connection_ack"}`)).Answer))
	s.Receive([]byte(`{"type":"start_ack","id":"1"}`))
	id, frame, err := s.Subscribe(data, []byte(proof))
	require.NoError(t, err)
	assert.Equal(t, "2", id)
	assert.Equal(t, `{"id":"2`+start, string(frame))
	assert.Empty(t, s.Stop("2"))
	assert.Equal(t, `{"id":"2","type":"stop"}`, string(s.Receive([]byte(`{"type":"start_ack","id":"2"}`)).Answer))
	assert.Equal(t, `{"id":"1","type":"stop"}`, string(s.Stop("1")))
	assert.Equal(t, "graphql-ws", Subprotocol)
	assert.Equal(t, "subscribed_success_counter", realtime.SubscribedCounter)
}
