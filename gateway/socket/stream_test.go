package socket

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// frames sends text in frames of that many bytes.
func frames(t *testing.T, client *websocket.Conn, text string, size int) {
	t.Helper()
	const masked, final, length16 = 0x80, 0x80, 126
	opcode := byte(websocket.TextMessage)
	for len(text) > 0 {
		n := min(size, len(text))
		header := []byte{opcode, masked | length16, byte(n >> 8), byte(n), 0, 0, 0, 0} // a key that changes nothing
		if n == len(text) {
			header[0] |= final
		}
		_, err := client.NetConn().Write(append(header, text[:n]...))
		require.NoError(t, err)
		text, opcode = text[n:], 0
	}
}

// The limit is one frame's, not the message's.
func TestFramesAreLimited(t *testing.T) {
	t.Parallel()
	for size, tooLong := range map[int]bool{1: false, 100: false, 600: false, 601: true, 1000: true} {
		f := newFixture(t, Limits{Frame: 600})
		client, _, o := f.dial()
		first, second := strings.Repeat("x", 500), strings.Repeat("y", 1000)
		frames(t, client, first, 500)
		frames(t, client, second, size)
		want := []string{first}
		if tooLong {
			requireClose(t, client, websocket.CloseMessageTooBig, "")
		} else {
			want = append(want, second)
			require.Eventually(t, func() bool { return f.hub.Counters.FramesIn.Load() == 2 }, timeout, tick)
		}
		require.NoError(t, client.Close())
		wait(t, o.closed)
		require.Equal(t, want, o.received(), size)
	}
}

// Every form of a header is understood, however the bytes are cut up; and what comes
// after the header of a long frame isn't waited for.
func TestLengthsAreRead(t *testing.T) {
	t.Parallel()
	const key = "\x00\x00\x00\x00"
	for header, want := range map[string]int64{
		"\x81\x80" + key:         0,
		"\x81\xfd" + key:         125,
		"\x81\xfe\x01\x02" + key: 0x102,
		"\x80\xff\x00\x00\x00\x00\x00\x01\x00\x01" + key: 0x10001,
		"\x81\x05": 5, // not masked, which package websocket refuses
	} {
		s := stream{}
		for i := range len(header) {
			s.header[i], s.have = header[i], i+1
			length, ok := s.length()
			require.Equal(t, i == len(header)-1, ok)
			if ok {
				require.Equal(t, want, length)
			}
		}
	}
}

func TestTextMustBeUTF8(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Limits{})
	client, _, o := f.dial()
	require.NoError(t, client.WriteMessage(websocket.TextMessage, []byte("caf\u00e9")))
	require.NoError(t, client.WriteMessage(websocket.TextMessage, []byte("caf\xe9")))
	requireClose(t, client, websocket.CloseInvalidFramePayloadData, "")
	require.NoError(t, client.Close())
	wait(t, o.closed)
	require.Equal(t, []string{"caf\u00e9"}, o.received())
}

// Compression is used in both directions if both ends want it, and its limit is what
// a message is long.
func TestCompression(t *testing.T) {
	t.Parallel()
	const long = 1 << 10
	for name, row := range map[string]struct{ gateway, client bool }{
		"both": {true, true}, "gateway": {true, false}, "client": {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Limits{Compression: row.gateway})
			f.compress = row.client
			client, c, o := f.dial()
			require.Equal(t, row.gateway && row.client, c.compressed)
			texts := []string{"", "short", strings.Repeat("x", long), rand.Text()}
			for _, text := range texts {
				require.NoError(t, client.WriteMessage(websocket.TextMessage, []byte(text)))
				require.NoError(t, c.Write(Frame([]byte(strings.Repeat(text, 100)))))
				_, got, err := client.ReadMessage()
				require.NoError(t, err)
				require.Equal(t, strings.Repeat(text, 100), string(got))
			}
			require.NoError(t, client.WriteMessage(websocket.TextMessage, make([]byte, 100*long)))
			requireClose(t, client, websocket.CloseMessageTooBig, "")
			require.NoError(t, client.Close())
			wait(t, o.closed)
			require.Equal(t, texts, o.received())
		})
	}
}
