package pushgw

import (
	"bytes"
	"context"
	"net"
	"sync"
	"time"
)

// network is a network in memory with one listener on it, which every address leads to.
// It implements net.Listener.
type network struct {
	dialled chan net.Conn
	closed  context.Context
	close   context.CancelFunc

	mu       sync.Mutex
	accepted []net.Conn
}

func newNetwork() *network {
	n := &network{dialled: make(chan net.Conn)}
	n.closed, n.close = context.WithCancel(context.Background())
	return n
}

func (n *network) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	client, server := newPipeConn(near), newPipeConn(far)
	var err error
	select {
	case n.dialled <- server:
		return client, nil
	case <-n.closed.Done():
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	_, _ = client.Close(), server.Close()
	return nil, err
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.dialled:
		n.mu.Lock()
		defer n.mu.Unlock()
		n.accepted = append(n.accepted, conn)
		return conn, nil
	case <-n.closed.Done():
		return nil, net.ErrClosed
	}
}

// cut cuts every connection that there is, as if cables had been pulled out and put back.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.accepted {
		_ = conn.Close()
	}
	n.accepted = nil
}

// kill cuts every connection, and none can be opened any more: the gateway's process is
// dead.
func (n *network) kill() {
	n.close()
	n.cut()
}

func (n *network) Close() error {
	n.close()
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// pipeConn is one end of a net.Pipe that, as TCP does, keeps what is written until the
// other end reads it: both may write before they read.
type pipeConn struct {
	net.Conn

	written chan []byte
	closed  context.Context
	close   context.CancelFunc
}

func newPipeConn(end net.Conn) *pipeConn {
	c := &pipeConn{Conn: end, written: make(chan []byte, 10_000)}
	c.closed, c.close = context.WithCancel(context.Background())
	go c.send()
	return c
}

// send hands on what is written, and closes the pipe when that was the last.
func (c *pipeConn) send() {
	defer func() { _ = c.Conn.Close() }()
	defer c.close()
	for {
		var p []byte
		select {
		case p = <-c.written:
		default:
			select {
			case p = <-c.written:
			case <-c.closed.Done():
				return
			}
		}
		if _, err := c.Conn.Write(p); err != nil {
			return
		}
	}
}

func (c *pipeConn) Write(p []byte) (int, error) {
	if c.closed.Err() != nil {
		return 0, net.ErrClosed
	}
	select {
	case c.written <- bytes.Clone(p):
		return len(p), nil
	case <-c.closed.Done():
		return 0, net.ErrClosed
	}
}

// Close ends a Read that is under way at once, and all writing within a second.
func (c *pipeConn) Close() error {
	_ = c.SetReadDeadline(time.Unix(1, 0))
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	c.close()
	return nil
}
