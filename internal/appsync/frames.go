package appsync

import (
	"strconv"

	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// Subprotocol is the WebSocket subprotocol that every connection asks for.
const Subprotocol = "graphql-ws"

// StartID returns the id of the i-th subscription that a connection's handshake starts,
// counted from zero. Ids have to be unique on one connection only, so all connections can
// share the frames.
func StartID(i int) string { return strconv.Itoa(i + 1) }

// MaxSubscriptions is how many a connection may have (AppSync's quotas).
const MaxSubscriptions = 200

// StartFrame returns the frame that starts a subscription. Data is the operation's
// text (see Operation.Data), which is a string inside the frame because a signature
// covers its bytes. Authorization is the JSON object that authorizes it.
func StartFrame(id, data string, authorization []byte) []byte {
	b := jsonscan.AppendString([]byte(`{"id":`), id)
	b = jsonscan.AppendString(append(b, `,"type":"start","payload":{"data":`...), data)
	b = append(append(b, `,"extensions":{"authorization":`...), authorization...)
	return append(b, `}}}`...)
}

func stopFrame(id string) []byte {
	b := jsonscan.AppendString([]byte(`{"id":`), id)
	return append(b, `,"type":"stop"}`...)
}
