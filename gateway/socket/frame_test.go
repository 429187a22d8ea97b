package socket

import (
	"bytes"
	"fmt"
	"testing"

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
