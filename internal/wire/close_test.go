package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCloseCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err    error
		code   int
		reason string
	}{
		{&websocket.CloseError{Code: 1000, Text: "bye"}, 1000, "bye"},
		{&websocket.CloseError{Code: 1005}, 1005, ""},
		{fmt.Errorf("reading: %w", &websocket.CloseError{Code: 4001, Text: "own"}), 4001, "own"},
		{io.EOF, 1006, ""},
		{fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), 1006, ""},
		{errors.New("connection reset by peer"), 1006, "connection reset by peer"},
	} {
		code, reason := CloseCode(test.err)
		assert.Equal(t, test.code, code, test.err)
		assert.Equal(t, test.reason, reason, test.err)
	}
}

func TestCloseByThePeer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bytes  string
		code   int
		reason string
	}{
		"with a code and a reason": {frame(final|closing, "\x03\xe9going"), 1001, "going"},
		"without a code":           {frame(final|closing, ""), 1005, ""},
		"of its own":               {frame(final|closing, "\x0f\xa1"), 4001, ""},
		"without a close frame":    {"", 1006, ""},
		"in the middle of a frame": {frame(final|text, "message")[:5], 1006, ""},
		"between fragments":        {frame(text, "one") + frame(final|closing, "\x03\xe8"), 1000, ""},
		"after half a message":     {frame(text, "one"), 1006, ""},
		"with half a code":         {frame(final|closing, "\x03"), 1005, ""},
	} {
		to := rawGateway(t, func(socket net.Conn, accept string) {
			write(t, socket, switching(accept)+test.bytes)
			_ = socket.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, socket)
		})
		conn := dial(t, to)
		_, err := conn.Read()
		require.Error(t, err, name)
		code, reason := CloseCode(err)
		assert.Equal(t, test.code, code, name)
		assert.Equal(t, test.reason, reason, name)
		conn.CloseNow()
	}
}

func TestCloseIsAnswered(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		received := make(chan error, 1)
		to := gateway(t, secure, func(socket *websocket.Conn) {
			assert.NoError(t, socket.WriteMessage(websocket.TextMessage, []byte("still on its way")))
			_, _, err := socket.ReadMessage()
			received <- err
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		conn.Close(1001, "going away", hangTimeout)
		require.Equal(t, "still on its way", string(read(t, conn).Data))
		_, err := conn.Read()
		code, _ := CloseCode(err)
		require.Equal(t, 1001, code)
		code, reason := CloseCode(<-received)
		require.Equal(t, 1001, code)
		require.Equal(t, "going away", reason)
		require.ErrorIs(t, conn.Write([]byte("too late")), websocket.ErrCloseSent)
	})
}

func TestCloseIsNotAnswered(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		over := make(chan struct{})
		to := gateway(t, secure, func(socket *websocket.Conn) {
			for { // and it goes on sending
				select {
				case <-over:
					return
				case <-time.After(shortTimeout / 50):
					_ = socket.WriteMessage(websocket.TextMessage, []byte("more"))
				}
			}
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		defer close(over)
		began := time.Now()
		conn.Close(1000, "", shortTimeout)
		var err error
		for err == nil {
			_, err = conn.Read()
		}
		requireTimeout(t, err)
		require.GreaterOrEqual(t, time.Since(began), shortTimeout)
	})
}

func TestCloseAfterTheEnd(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, func(socket *websocket.Conn) {
			_ = socket.NetConn().Close()
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		_, err := conn.Read()
		require.Error(t, err)
		conn.Close(1000, "", shortTimeout)
		conn.CloseNow()
		conn.Close(1000, "", shortTimeout)
		require.Error(t, conn.Write([]byte("too late")))
		require.Error(t, conn.Ping())
	})
}

// When the peer doesn't read, the buffers between fill up until a writer blocks. That
// must not hold up the end of a connection.
func TestCloseWhileAWriterIsBlocked(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		over := make(chan struct{})
		to := gateway(t, secure, func(*websocket.Conn) { <-over })
		to.Timestamps = timestamps
		conn := dial(t, to)
		defer close(over)
		writing := make(chan error)
		stuck := make(chan struct{}, 1)
		go func() {
			for {
				waiting := time.AfterFunc(shortTimeout/4, func() {
					select {
					case stuck <- struct{}{}:
					default:
					}
				})
				err := conn.Write(make([]byte, 1<<20))
				waiting.Stop()
				if err != nil {
					writing <- err
					return
				}
			}
		}()
		<-stuck
		conn.Close(1000, "", shortTimeout)
		_, err := conn.Read()
		require.Error(t, err)
		conn.CloseNow()
		require.Error(t, <-writing)
	})
}

func TestCloseHasADeadline(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{time.Second, time.Minute} {
		to := gateway(t, false, untilClosed)
		kept := keepDeadlines(to)
		conn := dial(t, to)
		began := time.Now()
		conn.Close(1000, "", timeout)
		read, write := kept.deadlines()
		requireIn(t, timeout, read, began)
		requireIn(t, timeout, write, began)
	}
}

func TestCloseNowSendsNothing(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	to := gateway(t, false, func(socket *websocket.Conn) {
		_, _, err := socket.ReadMessage()
		ended <- err
	})
	conn := dial(t, to)
	conn.CloseNow()
	code, _ := CloseCode(<-ended)
	require.Equal(t, 1006, code)
	_, err := conn.Read()
	require.ErrorIs(t, err, net.ErrClosed)
}
