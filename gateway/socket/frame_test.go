package socket

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// RFC 6455, section 5.2: a final text frame, unmasked, in each form of length.
func TestFrameHeaders(t *testing.T) {
	t.Parallel()
	for length, header := range map[int]string{
		0:       "8100",
		1:       "8101",
		125:     "817d",
		126:     "817e007e",
		127:     "817e007f",
		65535:   "817effff",
		65536:   "817f0000000000010000",
		200_000: "817f0000000000030d40",
	} {
		text := bytes.Repeat([]byte("x"), length)
		frame := Frame(text)
		require.Equal(t, header, fmt.Sprintf("%x", frame[:len(frame)-length]))
		require.Equal(t, text, frame[len(frame)-length:])
		require.Equal(t, append([]byte("before"), frame...), AppendFrame([]byte("before"), text[:length/2], text[length/2:]))
	}
}

// A buffer is used again, unless a long message made it large.
func TestMessageBuffersAreUsedAgain(t *testing.T) {
	t.Parallel()
	var m messageBuffer
	require.NoError(t, m.readAll(strings.NewReader("first")))
	require.Equal(t, "first", string(m.data))
	before := &m.data[:1][0]
	require.NoError(t, m.readAll(strings.NewReader("next")))
	require.Equal(t, "next", string(m.data))
	require.Same(t, before, &m.data[:1][0])
	require.NoError(t, m.readAll(strings.NewReader(strings.Repeat("x", 10*maxPooled))))
	require.Len(t, m.data, 10*maxPooled)
	require.NoError(t, m.readAll(strings.NewReader("last")))
	require.Equal(t, "last", string(m.data))
	require.LessOrEqual(t, cap(m.data), maxPooled)
	require.Error(t, m.readAll(iotest.ErrReader(io.ErrUnexpectedEOF)))
}
