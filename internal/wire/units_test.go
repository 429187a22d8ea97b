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
		{"medium, cut", "\x81\x7e\x01", -1},
		{"medium", "\x81\x7e\x01\x00", 4 + 256},
		{"large, cut", "\x81\x7f\x00\x00\x00\x00\x00\x01\x00", -1},
		{"large", "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10 + 65536},
		{"masked", "\x81\x85", 2 + 4 + 5},
		{"medium and masked", "\x81\xfe\x00\x7e", 4 + 4 + 126},
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

func TestUnitsBeginBehindTheResponse(t *testing.T) {
	t.Parallel()
	for _, head := range []string{
		switching("x"),
		"HTTP/1.1 101 OK\r\na: \r\r\n\r\n",
		"HTTP/1.1 101 OK\n\n", // Go's HTTP takes it
	} {
		for cut := range head {
			u := frames()
			u.advance([]byte(head[:cut]))
			require.Equal(t, math.MaxInt, u.limit(), "%q", head[:cut])
			u.advance([]byte(head[cut:] + frame(final|text, strings.Repeat("a", 100))[:20]))
			require.Equal(t, 82, u.limit(), "%q", head)
		}
	}
}

// A reader that heeds the limit never reads past the end of a message that may
// carry a time, whatever the pieces in which the bytes come.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x81\x00\x81\x0b\x81\x0c\x81\x0d\x81\x7d\x81\x7e\x81\xff"), []byte{0})
	f.Add([]byte("\x01\x03\x89\x00\x00\x05\x80\x00\x81\x20\x81\x01\x81\x01"), []byte{1, 2, 3})
	f.Add([]byte("\x01\x20\x89\x00\x80\x00\x81\x20"), []byte{})
	f.Add([]byte("\x01\xfe\x80\x01\x81\x7d\x01\x40\x8a\x02\x00\xfe\x80\x00\x81\x20"), []byte{200, 5})
	f.Fuzz(func(t *testing.T, spec, pieces []byte) {
		stream, ends := framesOf(spec)
		follow(t, frames(), switching("x")+stream, len(switching("x")), ends, pieces)
	})
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x7d\xff"), []byte{1, 40, 3})
	f.Fuzz(func(t *testing.T, sizes, pieces []byte) {
		var stream []byte
		var ends []end
		for _, size := range sizes {
			stream = append(stream, 23, 3, 3)
			stream = binary.BigEndian.AppendUint16(stream, uint16(size)*3)
			stream = append(stream, make([]byte, int(size)*3)...)
			ends = append(ends, end{at: len(stream), dated: true})
		}
		follow(t, records(), string(stream), 0, ends, pieces)
	})
}

// end is where a unit ends. One that is dated may not be read together with
// what follows it.
type end struct {
	at    int
	dated bool
}

// framesOf makes frames of pairs of bytes: the first of the frame, and one for
// its length. The ends count from the first frame.
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

// follow reads a stream in the given pieces, and no more at a time than the
// limit says, and checks where units end.
func follow(t *testing.T, u units, stream string, begin int, ends []end, pieces []byte) {
	t.Helper()
	for read, i := 0, 0; read < len(stream); i++ {
		n := min(u.limit(), len(stream)-read)
		if len(pieces) > 0 {
			n = min(n, 1+int(pieces[i%len(pieces)]))
		}
		u.advance([]byte(stream[read : read+n]))
		for len(ends) > 0 && begin+ends[0].at < read+n {
			if read >= begin && ends[0].dated { // what comes together with the response is read with it
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
		if u.between() != whole {
			t.Fatalf("at %d: between units is %t", read, !whole)
		}
	}
}

// between says whether the tracker is where one unit ends and the next begins.
func (u *units) between() bool {
	return u.lineEnds >= endOfResponse && u.left == 0 && u.have == 0
}
