package socket

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"
)

// ErrFull is the error of a write to a connection whose client reads so slowly that
// too much waits to be written to it. The frame isn't written.
var ErrFull = errors.New("too much waits to be written to the connection")

// maxWaiting is how many bytes may wait to be written to one connection, besides what
// the kernel's buffers hold. AWS doesn't document how large its buffers are. One frame
// may be longer if nothing else waits.
const maxWaiting = 1 << 20

// outbox is what a connection was given to write and its socket hasn't taken yet. While
// something waits, one goroutine writes it; otherwise there is neither a goroutine nor
// a buffer.
type outbox struct {
	mu      sync.Mutex // held for each frame, so that frames don't mix
	ended   bool       // nothing is accepted any more
	writing bool       // a goroutine writes what waits
	waiting []parcel
	size    int // the bytes that wait
}

// parcel is a frame, or the rest of one, that waits.
type parcel struct {
	rest    []byte
	kind    kind
	written func(error)
}

// kind is what a frame counts as.
type kind int

const (
	control kind = iota // no message
	closing             // the close frame, which is the last
	text                // a message
	failure             // a message that is an error frame
)

func (k kind) isMessage() bool { return k >= text }

// Write writes one frame that was made by Frame or AppendFrame. It never waits: what
// the socket doesn't take at once is copied and written later. The error is ErrClosed,
// ErrFull, or that of the socket.
func (c *Conn) Write(frame []byte) error { return c.send(frame, text, nil) }

// WriteThen is Write, and calls written once when the whole frame has been written, or
// can't be. It may do so before it returns; it doesn't if it returns an error.
func (c *Conn) WriteThen(frame []byte, written func(error)) error {
	return c.send(frame, text, written)
}

// WriteError is Write for a frame that counts as an error frame.
func (c *Conn) WriteError(frame []byte) error { return c.send(frame, failure, nil) }

// send writes as much of a frame as the socket takes at once. The rest waits.
func (c *Conn) send(frame []byte, k kind, written func(error)) error {
	if c.compressed && k.isMessage() {
		frame = deflated(frame)
	}
	c.mu.Lock()
	n, err := c.begin(frame, k, written)
	c.mu.Unlock()
	switch {
	case errors.Is(err, ErrFull) && k.isMessage():
		c.hub.Counters.Overflowed.Add(1)
	case err == nil && n == len(frame):
		c.count(k)
		if written != nil {
			written(nil)
		}
	}
	return err
}

// begin is send under the lock. It returns how many bytes have been written.
func (c *Conn) begin(frame []byte, k kind, written func(error)) (n int, err error) {
	switch {
	case c.ended:
		return 0, ErrClosed
	case !c.writing:
		if n, err = attempt(c.raw, frame); err != nil {
			c.broken(err)
			return 0, err
		}
		if n == len(frame) {
			return n, nil
		}
		c.writing = true
		c.hub.Go(c.writeWaiting)
	case k != closing && len(c.waiting) > 0 && c.size+len(frame) > maxWaiting:
		return 0, ErrFull
	}
	c.waiting = append(c.waiting, parcel{bytes.Clone(frame[n:]), k, written})
	c.size += len(frame) - n
	return n, nil
}

// writeWaiting writes what waits until nothing does. A client that takes nothing for
// too long is cut.
func (c *Conn) writeWaiting() {
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			c.waiting, c.writing = nil, false
			_ = c.socket.SetWriteDeadline(time.Time{}) // so that the next attempt isn't too late
			c.mu.Unlock()
			return
		}
		first := c.waiting[0]
		c.mu.Unlock()
		err := c.socket.SetWriteDeadline(time.Now().Add(c.hub.limits.Write))
		if err == nil {
			_, err = c.socket.Write(first.rest)
		}
		if err != nil {
			c.abandon(err)
			return
		}
		c.mu.Lock()
		c.waiting[0] = parcel{}
		c.waiting = c.waiting[1:]
		c.size -= len(first.rest)
		c.mu.Unlock()
		c.count(first.kind)
		if first.written != nil {
			first.written(nil)
		}
	}
}

// abandon ends the connection after a failed write, and tells of all that waits that it
// can't be written.
func (c *Conn) abandon(err error) {
	c.mu.Lock()
	c.broken(err)
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for _, p := range waiting {
		if p.written != nil {
			p.written(err)
		}
	}
}

// broken closes the socket after a failed write, which may have written half a
// frame.
func (c *Conn) broken(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.hub.Counters.Stuck.Add(1)
	}
	c.ended = true
	_ = c.socket.Close()
}

// count counts a frame that has been written.
func (c *Conn) count(k kind) {
	if !k.isMessage() {
		return
	}
	c.active.Store(time.Now().UnixMilli())
	c.hub.Counters.FramesOut.Add(1)
	if k == failure {
		c.hub.Counters.Errors.Add(1)
	}
}
