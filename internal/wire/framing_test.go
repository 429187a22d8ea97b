package wire

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFrameSize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, header string
		size         int // negative: the header isn't complete
	}{
		{"nothing", "", -1},
		{"one byte", "\x81", -1},
		{"empty", "\x81\x00", 2},
		{"short", "\x81\x7d", 127},
		{"medium, and of its length nothing", "\x81\x7e", -1},
		{"medium, cut", "\x81\x7e\x01", -1},
		{"medium", "\x81\x7e\x01\x00", 4 + 256},
		{"large, and of its length nothing", "\x81\x7f", -1},
		{"large, cut", "\x81\x7f\x00\x00\x00\x00\x00\x01\x00", -1},
		{"large", "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10 + 65536},
		{"above 31 bits", "\x81\x7f\x00\x00\x00\x01\x00\x00\x00\x05", 10 + min(1<<32+5, math.MaxInt-maxHeader)},
		{"the largest", "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10 + math.MaxInt - maxHeader},
		{"more than the largest", "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10 + math.MaxInt - maxHeader},
		{"the largest and masked", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", math.MaxInt},
		{"masked", "\x81\x85", 2 + 4 + 5},
		{"medium and masked", "\x81\xfe\x00\x7e", 4 + 4 + 126},
		{"large and masked", "\x81\xff\x00\x00\x00\x00\x00\x02\x00\x01", 10 + 4 + 131073},
	} {
		size, ok := frameSize([]byte(test.header))
		assert.Equal(t, test.size >= 0, ok, test.name)
		if ok {
			assert.Equal(t, test.size, size, test.name)
		}
	}
}

func TestRecordSize(t *testing.T) {
	t.Parallel()
	_, ok := recordSize([]byte("\x17\x03\x03\x01"))
	assert.False(t, ok)
	size, ok := recordSize([]byte("\x17\x03\x03\x01\x02"))
	assert.True(t, ok)
	assert.Equal(t, 5+258, size)
}

func TestFramesBeginAfterTheResponse(t *testing.T) {
	t.Parallel()
	for _, head := range []string{
		switching("x"),
		"HTTP/1.1 101 OK\r\na: \r\r\n\r\n",
		"HTTP/1.1 101 OK\n\n", // net/http accepts it
	} {
		for cut := range head {
			f := webSocketFraming()
			f.advance([]byte(head[:cut]))
			require.Equal(t, math.MaxInt, f.limit(), "%q", head[:cut])
			f.advance([]byte(head[cut:] + frame(final|text, strings.Repeat("a", 100))[:20]))
			require.Equal(t, 82, f.limit(), "%q", head)
		}
	}
}

// reads returns the sizes of the reads of a reader that takes as much as it may.
func reads(f framing, stream string) (sizes []int) {
	for len(stream) > 0 {
		n := min(f.limit(), len(stream))
		sizes = append(sizes, n)
		f.advance([]byte(stream[:n]))
		stream = stream[n:]
	}
	return sizes
}

// There are at most two reads for each message of a single frame, and of a fragmented
// message none reads past the end, with or without control frames in it.
func TestReadsOfFrames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 50)
	for name, test := range map[string]struct {
		stream string
		sizes  []int
	}{
		"single frames":      {frame(final|text, long) + frame(final|text, long), []int{14, 38, 14, 38}},
		"thirteen bytes":     {frame(final|text, long[:13]) + frame(final|text, long), []int{14, 1, 14, 38}},
		"too short to stamp": {frame(final|text, long[:12]) + frame(final|text, long), []int{14, 14, 38}},
		"two in one read":    {frame(final|text, "abc") + frame(final|text, "abcde") + frame(final|text, ""), []int{14}},
		"medium":             {frame(final|text, strings.Repeat("x", 126)) + frame(final|text, long), []int{14, 116, 14, 38}},
		"large":              {frame(final|text, strings.Repeat("x", 65536)) + frame(final|text, long), []int{14, 65532, 14, 38}},
		"ping before a text": {frame(final|ping, "") + frame(final|text, long), []int{14, 40}},
		"fragments": {
			frame(text, long) + frame(continuation, long) + frame(final|continuation, "") + frame(final|text, long),
			[]int{14, 38, 2, 50, 2, 14, 38},
		},
		"long fragments": {
			frame(text, long) + frame(final|continuation, strings.Repeat("x", 200)) + frame(final|text, long),
			[]int{14, 38, 2, 2, 200, 14, 38},
		},
		"ping between fragments": {
			frame(text, long) + frame(final|ping, "") + frame(final|continuation, "") + frame(final|text, long),
			[]int{14, 38, 2, 2, 14, 38},
		},
		"ping and pong between fragments": {
			frame(text, long) + frame(final|ping, "a") + frame(final|pong, "") + frame(final|continuation, "b") + frame(final|text, long),
			[]int{14, 38, 2, 1, 2, 2, 1, 14, 38},
		},
	} {
		f := webSocketFraming()
		f.advance([]byte(switching("x")))
		assert.Equal(t, test.sizes, reads(f, test.stream), name)
	}
}

func TestReadsOfRecords(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []int{5, 256, 5, 5, 1}, reads(tlsFraming(),
		"\x17\x03\x03\x01\x00"+strings.Repeat("x", 256)+"\x17\x03\x03\x00\x00"+"\x17\x03\x03\x00\x01x"))
}

// A reader that heeds the limit never reads past the end of a message that may carry
// a stamp, whatever the pieces in which the bytes come.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x81\x00\x81\x0b\x81\x0c\x81\x0d\x81\x7d\x81\x7e\x81\xff"), []byte{0})
	f.Add([]byte("\x01\x0d\x89\x00\x00\x05\x80\x00\x81\x20\x81\x01\x81\x01"), []byte{1, 2, 3})
	f.Add([]byte("\x01\x20\x89\x00\x80\x00\x81\x20"), []byte{})
	f.Add([]byte("\x01\x20\x8a\x03\x89\x00\x80\x00\x81\x20\x81\x0d\x81\x00"), []byte{255})
	f.Add([]byte("\x01\xfe\x80\x01\x81\x7d\x01\x40\x8a\x02\x00\xfe\x80\x00\x81\x20"), []byte{200, 5})
	f.Fuzz(func(t *testing.T, spec, pieces []byte) {
		stream, ends := framesOf(spec)
		follow(t, webSocketFraming(), switching("x")+stream, len(switching("x")), ends, pieces)
	})
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x7d\xff"), []byte{1, 40, 3})
	f.Add([]byte("\x00\x01\x02\x7d\xff"), []byte{})
	f.Fuzz(func(t *testing.T, sizes, pieces []byte) {
		var stream []byte
		var ends []end
		for _, size := range sizes {
			stream = append(stream, 23, 3, 3)
			stream = binary.BigEndian.AppendUint16(stream, uint16(size)*3)
			stream = append(stream, make([]byte, int(size)*3)...)
			ends = append(ends, end{at: len(stream), dated: true})
		}
		follow(t, tlsFraming(), string(stream), 0, ends, pieces)
	})
}

// end is where a unit ends. A dated one must not be read together with what comes
// after it.
type end struct {
	at    int
	dated bool
}

// framesOf makes a frame of each pair of bytes: the frame's first byte, and one for
// its length. Ends are counted from the first frame.
func framesOf(spec []byte) (stream string, ends []end) {
	message := 0
	for ; len(spec) >= 2; spec = spec[2:] {
		first, n := spec[0], int(spec[1])
		switch {
		case n == 255:
			n = 1 << 16 // takes the longest header
		case n > 128:
			n *= 3
		}
		stream += frame(first, strings.Repeat("x", n))
		if first&controlBit != 0 {
			ends = append(ends, end{at: len(stream)})
			continue
		}
		message += n
		last := first&final != 0
		ends = append(ends, end{at: len(stream), dated: last && message > 12})
		if last {
			message = 0
		}
	}
	return stream, ends
}

// follow reads a stream in pieces of the given sizes, or in the largest that the limit
// allows, and checks where units end. The first unit begins at begin; what comes before
// is read in one piece if no sizes are given.
func follow(t *testing.T, f framing, stream string, begin int, ends []end, pieces []byte) {
	t.Helper()
	for read, i := 0, 0; read < len(stream); i++ {
		n := min(f.limit(), len(stream)-read)
		switch {
		case len(pieces) > 0:
			n = min(n, 1+int(pieces[i%len(pieces)]))
		case read < begin:
			n = begin - read
		}
		f.advance([]byte(stream[read : read+n]))
		for len(ends) > 0 && begin+ends[0].at < read+n {
			if read >= begin && ends[0].dated { // a message in one segment with the response can't be told apart
				t.Fatalf("read from %d to %d, past %d", read, read+n, begin+ends[0].at)
			}
			ends = ends[1:]
		}
		read += n
		whole := read == begin
		if len(ends) > 0 && begin+ends[0].at == read {
			whole = true
			ends = ends[1:]
		}
		if f.between() != whole {
			t.Fatalf("at %d: between units is %t", read, !whole)
		}
	}
}

// between reports whether one unit has ended and the next hasn't begun.
func (f *framing) between() bool {
	return f.lineEnds >= endOfResponse && f.remaining == 0 && f.headerLen == 0
}
