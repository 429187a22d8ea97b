// Package stamp writes, finds and reads the short tokens that travel in broadcasts: which
// process sent it, which broadcast it is, and when it was meant to be sent. Control tokens
// are of the same kind; processes of one test tell each other by them what they are about
// to broadcast and what they have broadcast. See control.go.
//
// A stamp is 56 bytes of lower-case ASCII letters, digits and dashes, so it
// passes unchanged through JSON strings, JSON inside JSON, URLs and GraphQL:
//
//	pgw2-oooooooossssssss-eeeeeeeellllttttttttttttt-cccccccc
//
// where o is the origin, s the sequence, e the end, l the lateness in milliseconds, t the
// intended send time in microseconds since the Unix epoch, and c a CRC-32C of all that
// comes before it, each in hexadecimal. A canary's stamp has a c in place of the second
// dash. Because of the checksum a damaged stamp is refused and never misread.
//
// Stamps of the first version are read too. They have neither end nor lateness:
//
//	pgw-oooooooossssssss-ttttttttttttt-cccccccc
package stamp

import (
	"bytes"
	"hash/crc32"
	"time"
)

// Placeholder marks the place of the stamp in a message, a GraphQL variable or an event.
const Placeholder = "{{stamp}}"

// Len is the length in bytes of every stamp that is written.
const Len = len(prefix) + originDigits + sequenceDigits + 1 + endDigits + lateDigits + timeDigits + 1 + checkDigits

const (
	// mark begins every token of every version and kind.
	mark = "pgw"

	prefix      = mark + "2-"
	firstPrefix = mark + "-" // of the first version

	originDigits   = 8
	sequenceDigits = 8
	endDigits      = 8
	lateDigits     = 4
	timeDigits     = 13 // 52 bits of microseconds last until the year 2112
	checkDigits    = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stamp identifies one broadcast and holds its intended send time.
type Stamp struct {
	Origin   uint32    // the publishing process, and there the audience
	Sequence uint32    // its broadcasts, counted from 1
	Sent     time.Time // the intended send time, to the microsecond
	Canary   bool      // sent to find out which listeners hear anything; not a broadcast
	// End is the highest sequence that the origin has promised so far. It is zero in a
	// stamp of the first version.
	End uint32
	// Late is how long after the intended send time the stamp was given out, in whole
	// milliseconds, rounded up; MaxLate for that long or longer.
	Late time.Duration
}

// MaxLate is the greatest lateness that a stamp can tell.
const MaxLate = (1<<(4*lateDigits) - 1) * time.Millisecond

// Lateness rounds how long after its intended send time a broadcast is stamped to what a
// stamp can tell.
func Lateness(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return min((d + time.Millisecond - 1).Truncate(time.Millisecond), MaxLate)
}

// Published returns between which times, of the publisher's clock, the stamp was given
// out. The second is zero where the stamp doesn't tell.
func (s Stamp) Published() (from, to time.Time) {
	switch {
	case s.End == 0:
		return s.Sent, time.Time{}
	case s.Late == 0:
		return s.Sent, s.Sent
	case s.Late >= MaxLate:
		return s.Sent.Add(MaxLate - time.Millisecond), time.Time{}
	default:
		return s.Sent.Add(s.Late - time.Millisecond), s.Sent.Add(s.Late)
	}
}

// Append appends the stamp's text to b and returns the extended slice.
func (s Stamp) Append(b []byte) []byte {
	start := len(b)
	b = append(b, prefix...)
	b = appendHex(b, uint64(s.Origin), originDigits)
	b = appendHex(b, uint64(s.Sequence), sequenceDigits)
	b = append(b, s.kind())
	b = appendHex(b, uint64(s.End), endDigits)
	b = appendHex(b, uint64(s.Late/time.Millisecond), lateDigits) //nolint:gosec // not negative
	b = appendHex(b, uint64(s.Sent.UnixMicro()), timeDigits)      //nolint:gosec // after 1970
	b = append(b, '-')
	return appendHex(b, uint64(crc32.Checksum(b[start:], castagnoli)), checkDigits)
}

// The byte after the sequence.
const (
	kindBroadcast = '-'
	kindCanary    = 'c'
)

func (s Stamp) kind() byte {
	if s.Canary {
		return kindCanary
	}
	return kindBroadcast
}

// String returns the stamp's text.
func (s Stamp) String() string {
	return string(s.Append(make([]byte, 0, Len)))
}

// Find returns the first valid stamp in data and what follows it, and skips control
// tokens. Damaged counts what begins like a stamp or a control token and isn't valid, which
// is skipped too. Ok is false if data holds no valid stamp, and then rest is empty.
func Find(data []byte) (s Stamp, rest []byte, damaged int, ok bool) {
	for {
		found, after, bad, more := Next(data)
		damaged += bad
		if !more {
			return Stamp{}, nil, damaged, false
		}
		if found.Control == nil {
			return found.Stamp, after, damaged, true
		}
		data = after
	}
}

// Found is a stamp or the text of a control token, which is nil if it is a stamp.
type Found struct {
	Stamp   Stamp
	Control []byte
}

// Next is Find of the first stamp or control token, whichever comes first. Whether a
// control token is genuine, only ReadControl tells.
func Next(data []byte) (f Found, rest []byte, damaged int, ok bool) {
	for {
		at := bytes.Index(data, []byte(mark))
		if at < 0 {
			return Found{}, nil, damaged, false
		}
		data = data[at:]
		known, length := f.read(data)
		if length > 0 {
			return f, data[length:], damaged, true
		}
		if known {
			damaged++
		}
		data = data[len(mark):]
	}
}

// read reads the token at the beginning of b, which has the mark, and returns its length;
// zero if it isn't valid. Known: it begins like a token.
func (f *Found) read(b []byte) (known bool, length int) {
	switch {
	case len(b) <= len(firstPrefix):
		return len(b) == len(firstPrefix) && b[len(mark)] == '-', 0
	case b[len(mark)] == '-':
		f.Stamp, length = parse(b, len(firstPrefix), false)
		return true, length
	case b[len(mark)+1] != '-':
		return false, 0
	case b[len(mark)] == prefix[len(mark)]:
		f.Stamp, length = parse(b, len(prefix), true)
		return true, length
	case isControl(b[len(mark)]):
		f.Control = scanControl(b)
		return true, len(f.Control)
	default:
		return false, 0
	}
}

// parse reads the stamp at the beginning of b, whose origin is at this place. Extended: it
// has an end and a lateness.
func parse(b []byte, originAt int, extended bool) (s Stamp, length int) {
	sequenceAt := originAt + originDigits
	kindAt := sequenceAt + sequenceDigits
	endAt := kindAt + 1
	lateAt, timeAt := endAt, endAt
	if extended {
		lateAt = endAt + endDigits
		timeAt = lateAt + lateDigits
	}
	checkAt := timeAt + timeDigits + 1
	length = checkAt + checkDigits
	if len(b) < length || (b[kindAt] != kindBroadcast && b[kindAt] != kindCanary) || b[checkAt-1] != '-' {
		return Stamp{}, 0
	}
	origin, ok1 := parseHex(b[originAt:sequenceAt])
	sequence, ok2 := parseHex(b[sequenceAt:kindAt])
	end, ok3 := parseHex(b[endAt:lateAt])
	late, ok4 := parseHex(b[lateAt:timeAt])
	micros, ok5 := parseHex(b[timeAt : checkAt-1])
	check, ok6 := parseHex(b[checkAt:length])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || uint32(check) != crc32.Checksum(b[:checkAt], castagnoli) {
		return Stamp{}, 0
	}
	return Stamp{
		Origin:   uint32(origin),   //nolint:gosec // eight hexadecimal digits
		Sequence: uint32(sequence), //nolint:gosec // eight hexadecimal digits
		Sent:     time.UnixMicro(int64(micros)),
		Canary:   b[kindAt] == kindCanary,
		End:      uint32(end),                            //nolint:gosec // eight hexadecimal digits
		Late:     time.Duration(late) * time.Millisecond, //nolint:gosec // four hexadecimal digits
	}, length
}

func appendHex(b []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[v>>shift&0xf])
	}
	return b
}

// digitValues has the value of each lower-case hexadecimal digit, and notDigit for all
// other bytes.
var digitValues = func() (values [256]byte) {
	for c := range values {
		values[c] = notDigit
	}
	for v, c := range []byte("0123456789abcdef") {
		values[c] = byte(v)
	}
	return values
}()

const notDigit = 0x80

func parseHex(b []byte) (v uint64, ok bool) {
	var seen byte
	for _, c := range b {
		digit := digitValues[c]
		seen |= digit
		v = v<<4 | uint64(digit&0xf)
	}
	return v, seen&notDigit == 0
}
