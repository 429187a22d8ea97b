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

// deflated is that many zeros as permessage-deflate sends them (RFC 7692, section
// 7.2.1).
func deflated(size int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed) // the level is a valid one
	zeros := make([]byte, 1<<16)
	for written := 0; written < size; written += len(zeros) {
		_, _ = w.Write(zeros)
	}
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}
