package hostile

import (
	"bytes"
	"compress/flate"
	"net/http"
	"sync"
)

// DeflateUnasked accepts an upgrade with an extension that wasn't offered, and sends
// a message of zeros that is small until it is inflated.
func DeflateUnasked(size int) Behaviour {
	zeros := sync.OnceValue(func() []byte { return deflated(size) })
	return Behaviour{
		Requested: func(c *Conn, request *http.Request) {
			const extension = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"
			c.Accept(request, extension)
		},
		Opened: func(c *Conn) { _, _ = c.Write(frame(fin|rsv1|OpText, zeros())) },
	}
}

// deflated is about that many zeros as permessage-deflate sends them (RFC 7692, section
// 7.2.1): blocks that don't refer to each other, so one is made and repeated.
func deflated(size int) []byte {
	const blockSize = 1 << 20
	var block bytes.Buffer
	w, _ := flate.NewWriter(&block, flate.BestCompression) // the level is a valid one
	_, _ = w.Write(make([]byte, min(size, blockSize)))
	_ = w.Flush()
	return bytes.TrimSuffix(bytes.Repeat(block.Bytes(), max(1, size/blockSize)), []byte("\x00\x00\xff\xff"))
}
