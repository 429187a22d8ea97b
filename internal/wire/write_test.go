package wire

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// frameLengths reads what a client sends, up to its close frame.
func frameLengths(t *testing.T, from io.Reader) (lengths []int) {
	t.Helper()
	in := bufio.NewReader(from)
	for {
		var head [2]byte
		_, err := io.ReadFull(in, head[:])
		if !assert.NoError(t, err) || head[0]&0xf == closing {
			return lengths
		}
		n := int(head[1] & 0x7f)
		if n == 126 {
			var extended [2]byte
			_, err = io.ReadFull(in, extended[:])
			assert.NoError(t, err)
			n = int(binary.BigEndian.Uint16(extended[:]))
		}
		_, err = in.Discard(4 + n) // the mask is always there
		assert.NoError(t, err)
		lengths = append(lengths, n)
	}
}

// Browsers send every message in one frame. API Gateway takes frames of up to
// 32 KB, so that longer messages have to be several.
func TestFramesOfAMessage(t *testing.T) {
	t.Parallel()
	lengths := make(chan []int, 1)
	to := rawGateway(t, func(socket net.Conn, accept string) {
		send(t, socket, switching(accept))
		lengths <- frameLengths(t, socket)
	})
	conn := dial(t, to)
	for _, n := range []int{0, 100, 5000, 16_000, 100_000} {
		require.NoError(t, conn.Write([]byte(strings.Repeat("x", n))))
	}
	conn.Close(websocket.CloseNormalClosure, "", patience)
	got := <-lengths
	require.Equal(t, []int{0, 100, 5000, 16_000}, got[:4])
	total := 0
	for _, n := range got[4:] {
		require.Less(t, n, 32<<10)
		total += n
	}
	require.Equal(t, 100_000, total)
}
