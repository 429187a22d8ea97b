package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// switchingWith is a response that accepts the upgrade, with some headers more.
func switchingWith(accept, headers string) string {
	return strings.Replace(switching(accept), "\r\n\r\n", "\r\n"+headers+"\r\n", 1)
}

func TestExtensionsAreRefused(t *testing.T) {
	t.Parallel()
	for headers, name := range map[string]string{
		"Sec-WebSocket-Extensions: permessage-deflate\r\n":                                                         "permessage-deflate",
		"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n": "permessage-deflate",
		"sec-websocket-extensions: , x-own; a=1, permessage-deflate\r\n":                                           "x-own",
		"Sec-WebSocket-Extensions:\r\nSec-WebSocket-Extensions: x-second\r\n":                                      "x-second",
		"Sec-WebSocket-Extensions: " + strings.Repeat("x", 200) + "\r\n":                                           strings.Repeat("x", 100) + "...",
	} {
		to := rawGateway(t, func(socket net.Conn, accept string) { write(t, socket, switchingWith(accept, headers)) })
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseUpgrade, failed.Phase)
		assert.Zero(t, failed.Status)
		assert.EqualError(t, failed, fmt.Sprintf(
			"connecting to %s failed (upgrade): the gateway answered with the extension %q, which was not offered", to.URL.Host, name))
	}
}

func TestNoExtension(t *testing.T) {
	t.Parallel()
	to := rawGateway(t, func(socket net.Conn, accept string) {
		write(t, socket, switchingWith(accept, "Sec-WebSocket-Extensions: \r\n")+frame(final|text, "message"))
	})
	require.Equal(t, "message", string(read(t, dial(t, to)).Data))
}

func TestBadSwitch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ headers, want string }{
		"no header":           {"", "without the header Upgrade: websocket"},
		"other protocol":      {"Upgrade: h2c, spdy\r\nUpgrade: x\r\nConnection: Upgrade\r\n", `its header Upgrade is "h2c, spdy, x" instead of "websocket"`},
		"no connection":       {"Upgrade: WebSocket\r\n", "without the header Connection: Upgrade"},
		"other connection":    {"Upgrade: websocket\r\nConnection: keep-alive\r\n", `its header Connection is "keep-alive" instead of "Upgrade"`},
		"no key":              {"Upgrade: h2c, websocket\r\nConnection: keep-alive, upgrade\r\n", "without the header Sec-WebSocket-Accept"},
		"wrong key":           {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: nonsense\r\n", `its Sec-WebSocket-Accept, "nonsense", does not answer this request's key`},
		"wrong and extension": {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: x\r\n", "without the header Sec-WebSocket-Accept"},
	} {
		to := rawGateway(t, func(socket net.Conn, _ string) {
			write(t, socket, "HTTP/1.1 101 Switching Protocols\r\n"+test.headers+"\r\n")
		})
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseUpgrade, failed.Phase, name)
		assert.Zero(t, failed.Status, name)
		assert.EqualError(t, failed, "connecting to "+to.URL.Host+
			" failed (upgrade): the gateway answered with status 101, but "+test.want, name)
	}
}

// No response is read to an end that doesn't come, however it is cut.
func TestEndlessResponses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ first, more, want string }{
		"headers":       {"HTTP/1.1 101 Switching Protocols\r\n", "X-More: and more\r\n", errResponseTooLong.Error()},
		"same header":   {"HTTP/1.1 403 Forbidden\r\nX: ", "x", errResponseTooLong.Error()},
		"status line":   {"HTTP/1.1 101 ", "x", errResponseTooLong.Error()},
		"no HTTP":       {"", "x", errResponseTooLong.Error()},
		"a line":        {strings.Repeat("\x00", 60_000) + "\r\n", "x", "malformed HTTP response"},
		"body":          {"HTTP/1.1 403 Forbidden\r\n\r\n", "no ", "403 Forbidden: no no no"},
		"chunks":        {"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", "403 Forbidden: xxx"},
		"chunk headers": {"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", "403 Forbidden"},
	} {
		peer := &scriptedPeer{response: func(string) string { return test.first }, more: test.more}
		failed := refused(t.Context(), t, peer.target())
		assert.Equal(t, PhaseUpgrade, failed.Phase, name)
		assert.ErrorContains(t, failed, test.want, name)
		assert.LessOrEqual(t, len(failed.Error()), 1100, name)
		assert.LessOrEqual(t, peer.read, maxResponse, name)
	}
}

func TestEndlessResponseOverTLS(t *testing.T) {
	t.Parallel()
	to := httpGateway(t, true, func(w http.ResponseWriter, _ *http.Request) {
		socket, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer socket.Close()
		_, err = io.WriteString(socket, "HTTP/1.1 101 Switching Protocols\r\n")
		for err == nil {
			_, err = io.WriteString(socket, strings.Repeat("X-More: and more\r\n", 1000))
		}
	})
	failed := refused(t.Context(), t, to)
	assert.Equal(t, PhaseUpgrade, failed.Phase)
	assert.ErrorIs(t, failed, errResponseTooLong)
	assert.ErrorContains(t, failed, "the response to the upgrade did not end within 64 KiB")
}

// A response that comes a byte at a time ends with the dial's timeout.
func TestTrickledResponse(t *testing.T) {
	t.Parallel()
	to := rawGateway(t, func(socket net.Conn, _ string) {
		_, err := io.WriteString(socket, "HTTP/1.1 101 Switching Protocols\r\nX: ")
		for err == nil {
			time.Sleep(shortTimeout / 20)
			_, err = io.WriteString(socket, "x")
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), phaseTimeout)
	defer cancel()
	failed := refused(ctx, t, to)
	assert.Equal(t, PhaseUpgrade, failed.Phase)
	assert.True(t, timedOut(failed), failed)
}

// The limit is for the response only.
func TestMoreThanALongResponse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 50_000)
	to := rawGateway(t, func(socket net.Conn, accept string) {
		write(t, socket, switchingWith(accept, "X-Long: "+long+"\r\n")+
			frame(final|text, long)+frame(final|text, long))
	})
	conn := dial(t, to)
	for range 2 {
		require.Equal(t, long, string(read(t, conn).Data))
	}
}

// Whatever a gateway answers, Dial returns a connection or says why not, and reads no
// more than the limit allows. ACCEPT stands for the right Sec-WebSocket-Accept.
func FuzzResponse(f *testing.F) {
	for _, response := range []string{
		switching("ACCEPT"), switching("else"), switching(""), "",
		switchingWith("ACCEPT", "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
		switchingWith("ACCEPT", "Sec-WebSocket-Extensions: ;, ,\"\r\n"),
		switchingWith("ACCEPT", "Content-Length: 99999999999999999999\r\nTransfer-Encoding: x\r\n"),
		"HTTP/1.1 302 Found\r\nLocation: //a b/?\x00\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: mailto:x\r\n\r\n",
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno", "HTTP/1.1 100 Continue\r\n\r\n",
		"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"HTTP/1.1 -01 \r\n\r\n", "HTTP/1.1 101\n\n", "HTTP/1.1 999 \x1b[2J\r\n: x\r\n\r\n", "220 ESMTP\r\n",
		"HTTP/1.1 101 Switching Protocols\r\n a: b\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade\r\n\r\n",
	} {
		f.Add(response, "", []byte{})
		f.Add(response, "X", []byte{0, 200})
		f.Add(response, "a: b\r\n", []byte{})
	}
	f.Fuzz(func(t *testing.T, response, more string, pieces []byte) {
		peer := &scriptedPeer{
			response: func(accept string) string { return strings.ReplaceAll(response, "ACCEPT", accept) },
			more:     more,
			pieces:   pieces,
		}
		to := peer.target()
		to.URL.RawQuery = "key=secret"
		conn, err := Dial(t.Context(), to)
		require.LessOrEqual(t, peer.read, maxResponse)
		if err == nil {
			conn.CloseNow()
			return
		}
		var failed *DialError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, PhaseUpgrade, failed.Phase)
		require.LessOrEqual(t, len(failed.Error()), 1100)
		require.NotContains(t, failed.Error(), "secret")
	})
}
