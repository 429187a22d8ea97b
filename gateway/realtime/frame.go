package realtime

import (
	"sync"

	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// KeepAliveFrame is the frame of a ka, which is the same in both protocols.
var KeepAliveFrame = socket.Frame([]byte(`{"type":"ka"}`))

var frames = sync.Pool{New: func() any { return new([]byte) }}

// WriteData writes a data message, whose member key has this value. The value is encoded
// once for all subscribers, because only the id differs. id is a JSON string with its quotes.
func WriteData(c *socket.Conn, id, key string, value []byte, written func(error)) error {
	buffer := frames.Get().(*[]byte) // the pool holds nothing else
	defer frames.Put(buffer)
	*buffer = socket.AppendFrame((*buffer)[:0],
		[]byte(`{"id":`), []byte(id), []byte(`,"type":"data","`), []byte(key), []byte(`":`), value, []byte(`}`))
	return c.WriteThen(*buffer, written)
}
