package events

import "github.com/pushgw/xk6-pushgw/internal/jsonscan"

// Subprotocol is the WebSocket subprotocol that every connection asks for.
const Subprotocol = "aws-appsync-event-ws"

// MaxEvents is how many events one request to publish may have (AppSync's quotas).
const MaxEvents = 5

// SubscribeFrame returns the frame that begins a subscription. Body is an object with the
// member channel, which authorization, another object, authorizes.
func SubscribeFrame(id, body string, authorization []byte) []byte {
	return operationFrame("subscribe", id, body, authorization)
}

// operationFrame returns the frame of an operation: the members of body among its own. A
// signature covers body, so its bytes are left as they are.
func operationFrame(kind, id, body string, authorization []byte) []byte {
	b := jsonscan.AppendString([]byte(`{"type":`), kind)
	b = jsonscan.AppendString(append(b, `,"id":`...), id)
	b = append(append(b, ','), body[1:len(body)-1]...)
	b = append(append(b, `,"authorization":`...), authorization...)
	return append(b, '}')
}

func unsubscribeFrame(id string) []byte {
	return append(jsonscan.AppendString([]byte(`{"type":"unsubscribe","id":`), id), '}')
}
