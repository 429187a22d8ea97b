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

func TestHowThePeerHungUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bytes  string
		code   int
		reason string
	}{
		"with a code and a reason": {frame(final|closing, "\x03\xe9going"), 1001, "going"},
		"without a code":           {frame(final|closing, ""), 1005, ""},
		"of its own":               {frame(final|closing, "\x0f\xa1"), 4001, ""},
		"without a word":           {"", 1006, ""},
		"in the middle of a frame": {frame(final|text, "message")[:5], 1006, ""},
		"between fragments":        {frame(text, "one") + frame(final|closing, "\x03\xe8"), 1000, ""},
		"behind half a message":    {frame(text, "one"), 1006, ""},
		"with half a code":         {frame(final|closing, "\x03"), 1005, ""},
		"with a code that can't be sent": {
			frame(final|closing, "\x03\xee"), 1006, "websocket: bad close code 1006",
		},
		"against the protocol": {
			frame(final|0x3, ""), 1006, "websocket: bad opcode 3",
		},
	} {
		to := rawGateway(t, func(socket net.Conn, accept string) {
			send(t, socket, switching(accept)+test.bytes)
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

// No peer can hold up a shutdown for longer than its patience.
const patience = 200 * time.Millisecond

func TestShutdownIsAnswered(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		heard := make(chan error, 1)
		to := gateway(t, secure, func(socket *websocket.Conn) {
			assert.NoError(t, socket.WriteMessage(websocket.TextMessage, []byte("still on its way")))
			_, _, err := socket.ReadMessage()
			heard <- err
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		conn.Close(1001, "going away", 10*time.Second)
		require.Equal(t, "still on its way", string(read(t, conn).Data))
		_, err := conn.Read()
		code, _ := CloseCode(err)
		require.Equal(t, 1001, code)
		code, reason := CloseCode(<-heard)
		require.Equal(t, 1001, code)
		require.Equal(t, "going away", reason)
		require.ErrorIs(t, conn.Write([]byte("too late")), websocket.ErrCloseSent)
	})
}

func TestShutdownIsNotAnswered(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		over := make(chan struct{})
		to := gateway(t, secure, func(socket *websocket.Conn) {
			for { // it even goes on sending
				select {
				case <-over:
					return
				case <-time.After(patience / 50):
					_ = socket.WriteMessage(websocket.TextMessage, []byte("more"))
				}
			}
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		defer close(over)
		conn.Close(1000, "", patience)
		for {
			_, err := conn.Read()
			if err == nil {
				continue
			}
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			require.True(t, timeout.Timeout())
			return
		}
	})
}

func TestShutdownOfWhatIsGone(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, func(socket *websocket.Conn) {
			_ = socket.NetConn().Close()
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		_, err := conn.Read()
		require.Error(t, err)
		conn.Close(1000, "", patience)
		conn.CloseNow()
		conn.Close(1000, "", patience)
		require.Error(t, conn.Write([]byte("anybody?")))
		require.Error(t, conn.Ping())
	})
}

// A peer that doesn't read fills the buffers between, until a writer waits. It
// must not wait for longer than the shutdown.
func TestShutdownOfAPeerThatNeverReads(t *testing.T) {
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
				waiting := time.AfterFunc(patience/4, func() {
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
		conn.Close(1000, "", patience)
		_, err := conn.Read()
		require.Error(t, err)
		conn.CloseNow()
		require.Error(t, <-writing)
	})
}

func TestManyMayWrite(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 50
	counted := make(chan int, 1)
	to := gateway(t, false, func(socket *websocket.Conn) {
		n := 0
		for {
			_, data, err := socket.ReadMessage()
			if err != nil {
				counted <- n
				return
			}
			assert.Len(t, data, 3000)
			n++
		}
	})
	conn := dial(t, to)
	done := make(chan struct{})
	for range writers {
		go func() {
			for range each {
				assert.NoError(t, conn.Write(make([]byte, 3000)))
				assert.NoError(t, conn.Ping())
			}
			done <- struct{}{}
		}()
	}
	for range writers {
		<-done
	}
	conn.Close(1000, "", 10*time.Second)
	_, err := conn.Read()
	code, _ := CloseCode(err)
	require.Equal(t, 1000, code)
	require.Equal(t, writers*each, <-counted)
}
