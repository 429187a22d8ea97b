package wire

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeConn records what is written, and returns response to every Read.
type fakeConn struct {
	net.Conn
	writes   []string
	response string
	err      error
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.writes = append(c.writes, string(p))
	return len(p), c.err
}

func (c *fakeConn) Read(p []byte) (int, error) { return copy(p, c.response), nil }

func TestRequestIsSentInOneWriteBeforeTheFirstRead(t *testing.T) {
	t.Parallel()
	below := &fakeConn{response: "101"}
	c := newRequestConn(below)
	n, err := c.Write([]byte("GET / "))
	require.NoError(t, err)
	require.Equal(t, 6, n)
	require.NoError(t, c.WriteByte('H'))
	_, err = io.WriteString(c, "TTP/1.1")
	require.NoError(t, err)
	require.Empty(t, below.writes)

	p := make([]byte, 10)
	n, err = c.Read(p)
	require.NoError(t, err)
	require.Equal(t, "101", string(p[:n]))
	require.Equal(t, []string{"GET / HTTP/1.1"}, below.writes)
}

func TestAfterTheFirstReadWritesPassThrough(t *testing.T) {
	t.Parallel()
	below := &fakeConn{}
	c := newRequestConn(below)
	require.NoError(t, c.WriteByte('1'))
	_, err := c.Read(nil)
	require.NoError(t, err)
	n, err := c.Write([]byte("two"))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.NoError(t, c.WriteByte('3'))
	_, err = c.Read(nil)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "two", "3"}, below.writes)
}

func TestRequestThatCannotBeSent(t *testing.T) {
	t.Parallel()
	below := &fakeConn{err: errors.New("broken pipe"), response: "x"}
	c := newRequestConn(below)
	require.NoError(t, c.WriteByte('1'))
	n, err := c.Read(make([]byte, 1))
	require.EqualError(t, err, "broken pipe")
	require.Zero(t, n)
	require.EqualError(t, c.WriteByte('2'), "broken pipe")

	again := &fakeConn{} // the pooled buffer has forgotten the error
	c = newRequestConn(again)
	require.NoError(t, c.WriteByte('3'))
	_, err = c.Read(nil)
	require.NoError(t, err)
	require.Equal(t, []string{"3"}, again.writes)
}

// The response may have 64 KiB, and what comes after it any number of bytes.
func TestResponseIsBounded(t *testing.T) {
	t.Parallel()
	c := newRequestConn(&fakeConn{response: strings.Repeat("x", 100_000)})
	n, err := c.Read(make([]byte, 40_000))
	require.NoError(t, err)
	require.Equal(t, 40_000, n)
	n, err = c.Read(make([]byte, 40_000))
	require.NoError(t, err)
	require.Equal(t, 64<<10-40_000, n)
	n, err = c.Read(make([]byte, 1))
	require.Equal(t, errResponseTooLong, err)
	require.Zero(t, n)
	c.responseRead()
	n, err = c.Read(make([]byte, 90_000))
	require.NoError(t, err)
	require.Equal(t, 90_000, n)
}

// A URL with a signature may be longer than the buffer.
func TestLongRequest(t *testing.T) {
	t.Parallel()
	below := &fakeConn{}
	c := newRequestConn(below)
	long := strings.Repeat("x", 10_000)
	_, err := io.WriteString(c, "GET /?"+long)
	require.NoError(t, err)
	_, err = c.Read(nil)
	require.NoError(t, err)
	require.Equal(t, "GET /?"+long, strings.Join(below.writes, ""))
}
