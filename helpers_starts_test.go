package pushgw

import (
	"net/http"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"
)

// starts is AppSync's side of connections: it acknowledges each, and answers a start as
// answer says, which gets the id and the operation; with nothing if that is empty.
func starts(answer func(id, data string) string) http.Handler {
	return sockets(func(socket *websocket.Conn, text string) {
		switch frame := gjson.Parse(text); frame.Get("type").String() {
		case "connection_init":
			reply(socket, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
		case "start":
			if frame := answer(frame.Get("id").String(), frame.Get("payload.data").String()); frame != "" {
				reply(socket, frame)
			}
		}
	})
}
