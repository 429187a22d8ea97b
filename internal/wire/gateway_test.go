package wire

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gateway serves every connection by f, which ends with the test, and returns
// how it is reached.
func gateway(t *testing.T, secure bool, f func(*websocket.Conn)) *Target {
	t.Helper()
	return httpGateway(t, secure, func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"spoken"}}
		socket, err := upgrader.Upgrade(w, r, nil)
		if assert.NoError(t, err) {
			defer socket.Close()
			f(socket)
		}
	})
}

func httpGateway(t *testing.T, secure bool, f http.HandlerFunc) *Target {
	t.Helper()
	var serving sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		f(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(func() {
		server.Close()
		serving.Wait() // the server forgets connections that it has handed over
	})
	if !secure {
		server.Start()
		return target(t, server.URL)
	}
	server.StartTLS()
	to := target(t, server.URL)
	to.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	to.TLS.RootCAs.AddCert(server.Certificate())
	return to
}

// rawGateway serves one TCP connection by f, once it has read the upgrade
// request. Accept is the value of Sec-WebSocket-Accept.
func rawGateway(t *testing.T, f func(socket net.Conn, accept string)) *Target {
	t.Helper()
	return tcpGateway(t, func(socket net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(socket))
		if assert.NoError(t, err) {
			sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
			f(socket, base64.StdEncoding.EncodeToString(sum[:]))
		}
	})
}

// tcpGateway serves one TCP connection by f.
func tcpGateway(t *testing.T, f func(socket net.Conn)) *Target {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if socket, err := listener.Accept(); err == nil {
			defer socket.Close()
			f(socket)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return target(t, "http://"+listener.Addr().String())
}

// switching is the head of the response that agrees to the upgrade.
func switching(accept string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + accept + "\r\n\r\n"
}

func target(tb testing.TB, address string) *Target {
	tb.Helper()
	to, err := url.Parse(strings.Replace(address, "http", "ws", 1))
	require.NoError(tb, err)
	return &Target{URL: to, DialContext: new(net.Dialer).DialContext}
}

// dial opens a connection that is closed with the test.
func dial(t *testing.T, to *Target) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := Dial(ctx, to)
	require.NoError(t, err)
	t.Cleanup(conn.CloseNow)
	return conn
}

func read(t *testing.T, conn *Conn) Message {
	t.Helper()
	m, err := conn.Read()
	require.NoError(t, err)
	return m
}

// untilClosed keeps a connection until the peer has closed it.
func untilClosed(socket *websocket.Conn) {
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			return
		}
	}
}

// The first byte of a frame.
const (
	final        = 0x80
	continuation = 0x0
	text         = 0x1
	closing      = 0x8
	ping         = 0x9
)

// frame is one WebSocket frame as a server sends it.
func frame(first byte, payload string) string {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	return string(head) + payload
}

func send(t *testing.T, to io.Writer, bytes string) {
	t.Helper()
	_, err := io.WriteString(to, bytes)
	assert.NoError(t, err)
}
