// Package stamp writes, finds and reads the short token that every broadcast
// carries: which process sent it, which broadcast it is, and when it was meant
// to be sent.
//
// A stamp is 44 bytes of lower-case ASCII letters, digits and dashes, so it
// passes unchanged through JSON strings, JSON inside JSON, URLs and GraphQL:
//
//	pgw-oooooooossssssss-ttttttttttttt-cccccccc
//
// where o is the origin, s the sequence, t the intended send time in
// microseconds since the Unix epoch, and c a CRC-32C of all that comes before
// it, each in hexadecimal. A canary's stamp has a c in place of the second dash. Because
// of the checksum a damaged stamp is refused and never misread.
package stamp

import (
	"bytes"
	"hash/crc32"
	"time"
)

// Placeholder marks the place of the stamp in a message, a GraphQL variable or an event.
const Placeholder = "{{stamp}}"

// Len is the length of every stamp in bytes.
const Len = checkAt + checkDigits

const (
	prefix         = "pgw-"
	originDigits   = 8
	sequenceDigits = 8
	timeDigits     = 13 // 52 bits of microseconds last until the year 2112
	checkDigits    = 8

	originAt   = len(prefix)
	sequenceAt = originAt + originDigits
	kindAt     = sequenceAt + sequenceDigits
	timeAt     = kindAt + 1
	checkAt    = timeAt + timeDigits + 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stamp identifies one broadcast and holds its intended send time.
type Stamp struct {
	Origin   uint32    // the publishing process
	Sequence uint32    // its broadcasts, counted from 1
	Sent     time.Time // the intended send time, to the microsecond
	Canary   bool      // sent to find out which listeners hear anything; not a broadcast
}

// Append appends the stamp's text to b and returns the extended slice.
func (s Stamp) Append(b []byte) []byte {
	start := len(b)
	b = append(b, prefix...)
	b = appendHex(b, uint64(s.Origin), originDigits)
	b = appendHex(b, uint64(s.Sequence), sequenceDigits)
	b = append(b, s.kind())
	b = appendHex(b, uint64(s.Sent.UnixMicro()), timeDigits) //nolint:gosec // after 1970
	b = append(b, '-')
	return appendHex(b, uint64(crc32.Checksum(b[start:], castagnoli)), checkDigits)
}

// The byte at kindAt.
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

// Find returns the first valid stamp in data and what follows it. Damaged counts what
// begins like a stamp and isn't valid, which is skipped. Ok is false if data holds no
// valid stamp, and then rest is empty.
func Find(data []byte) (s Stamp, rest []byte, damaged int, ok bool) {
	for {
		at := bytes.Index(data, []byte(prefix))
		if at < 0 {
			return Stamp{}, nil, damaged, false
		}
		data = data[at:]
		if s, ok = parse(data); ok {
			return s, data[Len:], damaged, true
		}
		damaged++
		data = data[len(prefix):]
	}
}

// parse reads the stamp at the beginning of b.
func parse(b []byte) (Stamp, bool) {
	if len(b) < Len || (b[kindAt] != kindBroadcast && b[kindAt] != kindCanary) || b[checkAt-1] != '-' {
		return Stamp{}, false
	}
	origin, ok1 := parseHex(b[originAt:sequenceAt])
	sequence, ok2 := parseHex(b[sequenceAt:kindAt])
	micros, ok3 := parseHex(b[timeAt : checkAt-1])
	check, ok4 := parseHex(b[checkAt:Len])
	if !ok1 || !ok2 || !ok3 || !ok4 || uint32(check) != crc32.Checksum(b[:checkAt], castagnoli) {
		return Stamp{}, false
	}
	return Stamp{
		Origin:   uint32(origin),   //nolint:gosec // eight hexadecimal digits
		Sequence: uint32(sequence), //nolint:gosec // eight hexadecimal digits
		Sent:     time.UnixMicro(int64(micros)),
		Canary:   b[kindAt] == kindCanary,
	}, true
}

func appendHex(b []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[v>>shift&0xf])
	}
	return b
}

func parseHex(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
