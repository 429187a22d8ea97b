package socket

import (
	"bytes"
	"compress/flate"
	"sync"
)

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is valid
	}
	return w
}}

// deflated returns a text frame with its payload compressed without what came before, so
// that a connection needs no memory for it (RFC 7692, sections 7.1.1.1 and 7.2.1).
func deflated(frame []byte) []byte {
	const compressed = 0x40              // RSV1 of the first frame of a message
	w := deflaters.Get().(*flate.Writer) // the pool holds nothing else
	defer deflaters.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(payload(frame)) // a buffer's writes never fail
	_ = w.Flush()
	shorter := Frame(bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff")))
	shorter[0] |= compressed
	return shorter
}
