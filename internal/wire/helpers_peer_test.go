package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// scriptedPeer is a connection in memory whose peer answers the upgrade and then sends
// what it was told to, whatever it is sent.
type scriptedPeer struct {
	response func(accept string) string
	more     string // sent over and over after the response; empty: the connection ends
	pieces   []byte // each read gets as many bytes as the next of these, plus one
	request  bytes.Buffer
	answered bool
	unread   string
	reads    int
	read     int // bytes
	written  int // bytes, after the request
}

func (p *scriptedPeer) Read(b []byte) (int, error) {
	if !p.answered {
		request, err := http.ReadRequest(bufio.NewReader(&p.request))
		if err != nil {
			return 0, err
		}
		p.answered = true
		p.unread = p.response(acceptFor(request.Header.Get("Sec-WebSocket-Key")))
	}
	if p.unread == "" {
		switch {
		case p.more == "":
			return 0, io.EOF
		case p.read > 16<<20:
			return 0, errors.New("more has been read than any test allows")
		}
		p.unread = p.more
	}
	if len(p.pieces) > 0 {
		b = b[:min(len(b), 1+int(p.pieces[p.reads%len(p.pieces)]))]
	}
	n := copy(b, p.unread)
	p.unread = p.unread[n:]
	p.reads++
	p.read += n
	return n, nil
}

func (p *scriptedPeer) Write(b []byte) (int, error) {
	if !p.answered {
		return p.request.Write(b)
	}
	p.written += len(b)
	return len(b), nil
}

// receive implements receiver, so that a scriptedPeer can be below an arrivalConn.
func (p *scriptedPeer) receive(b []byte) (int, time.Time, error) {
	n, err := p.Read(b)
	return n, time.Unix(1, 0), err
}

func (p *scriptedPeer) Close() error                     { return nil }
func (p *scriptedPeer) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (p *scriptedPeer) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (p *scriptedPeer) SetDeadline(time.Time) error      { return nil }
func (p *scriptedPeer) SetReadDeadline(time.Time) error  { return nil }
func (p *scriptedPeer) SetWriteDeadline(time.Time) error { return nil }

// target returns a target whose connection is p, dated like one of the kernel's.
func (p *scriptedPeer) target() *Target {
	return &Target{
		URL: &url.URL{Scheme: "ws", Host: "gateway.test"},
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return &arrivalConn{Conn: p, receiver: p, framing: webSocketFraming()}, nil
		},
	}
}

// pipeTarget returns a target whose peer accepts the upgrade and then sends first, and
// more over and over.
func pipeTarget(first, more string) *Target {
	peer := &scriptedPeer{response: func(accept string) string { return switching(accept) + first }, more: more}
	return peer.target()
}

// peerOf returns the peer of a connection to a scriptedPeer's target.
func peerOf(conn *Conn) *scriptedPeer { return dialled(conn).(*arrivalConn).Conn.(*scriptedPeer) }

// acceptFor is the value of Sec-WebSocket-Accept that answers a key.
func acceptFor(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
