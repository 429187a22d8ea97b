package appsync

import "github.com/pushgw/xk6-pushgw/internal/jsonscan"

// Subprotocol is the WebSocket subprotocol that every connection asks for.
const Subprotocol = "graphql-ws"

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
