package stamp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// A control token has the alphabet of stamps:
//
//	pgwK-lllb…b-cccccccccccccccc
//
// where K is its kind, l its whole length, b its fields, each of a fixed number of
// hexadecimal digits, and c what proves that it is whole: without a secret eight zeros and
// a CRC-32C, with one the first 64 bits of an HMAC-SHA256 of all that comes before it.

// Control is what one process of a test tells the others: a *Roll, *Present, *Withdrawal,
// *Opening or *Closing.
type Control interface {
	kind() byte
	fields(c *codec)
}

const (
	controlPrefix = len(mark) + 2
	lengthDigits  = 3
	proofDigits   = 16

	// MaxControl is the longest control token, in bytes.
	MaxControl = 2048
	minControl = controlPrefix + lengthDigits + 1 + proofDigits
)

// The kinds of control tokens.
const (
	kindRoll       = 'r'
	kindPresent    = 'p'
	kindWithdrawal = 'w'
	kindOpening    = 'o'
	kindClosing    = 'c'
)

func isControl(kind byte) bool {
	return kind == kindRoll || kind == kindPresent || kind == kindWithdrawal || kind == kindOpening || kind == kindClosing
}

var (
	// ErrDamaged says that a control token isn't whole.
	ErrDamaged = errors.New("the control token is damaged")
	// ErrForged says that a control token wasn't made with this secret.
	ErrForged = errors.New("the control token was made with another secret, or with none")
)

// WriteControl returns the token's text. The secret may be empty.
func WriteControl(control Control, secret []byte) string {
	c := &codec{text: append(make([]byte, 0, 256), mark...), writing: true}
	c.text = append(c.text, control.kind(), '-')
	c.text = appendHex(c.text, 0, lengthDigits)
	control.fields(c)
	c.text = append(c.text, '-')
	appendHex(c.text[:controlPrefix], uint64(len(c.text)+proofDigits), lengthDigits)
	return string(appendHex(c.text, prove(c.text, secret), proofDigits))
}

// ReadControl reads the text of a token that Next has found. Its error is ErrDamaged or
// ErrForged.
func ReadControl(text, secret []byte) (Control, error) {
	proofAt := len(text) - proofDigits
	if proofAt < minControl-proofDigits {
		return nil, ErrDamaged
	}
	proof, ok := parseHex(text[proofAt:])
	if !ok {
		return nil, ErrDamaged
	}
	if proof != prove(text[:proofAt], secret) {
		if len(secret) == 0 && proof>>32 == 0 {
			return nil, ErrDamaged
		}
		return nil, ErrForged
	}
	control := newControl(text[len(mark)])
	if control == nil {
		return nil, ErrDamaged
	}
	c := &codec{text: text[controlPrefix+lengthDigits : proofAt-1]}
	control.fields(c)
	if c.invalid || len(c.text) > 0 {
		return nil, ErrDamaged
	}
	return control, nil
}

func newControl(kind byte) Control {
	switch kind {
	case kindRoll:
		return &Roll{}
	case kindPresent:
		return &Present{}
	case kindWithdrawal:
		return &Withdrawal{}
	case kindOpening:
		return &Opening{}
	case kindClosing:
		return &Closing{}
	default:
		return nil
	}
}

// prove returns what proves that a token is whole, and made with the secret.
func prove(text, secret []byte) uint64 {
	if len(secret) == 0 {
		return uint64(crc32.Checksum(text, castagnoli))
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write(text)
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

// scanControl returns the control token at the beginning of b; nil if it hasn't the form
// of one.
func scanControl(b []byte) []byte {
	if len(b) < minControl {
		return nil
	}
	v, ok := parseHex(b[controlPrefix : controlPrefix+lengthDigits])
	length := int(v) //nolint:gosec // three hexadecimal digits
	if !ok || length < minControl || length > min(MaxControl, len(b)) {
		return nil
	}
	token := b[:length]
	dash := len(token) - proofDigits - 1
	for at, c := range token[controlPrefix:] {
		if at+controlPrefix == dash {
			if c != '-' {
				return nil
			}
		} else if digitValues[c] == notDigit {
			return nil
		}
	}
	return token
}

// codec writes fields one after another, or reads them. So one description of a token
// does for both.
type codec struct {
	text    []byte // what was written, or is still to be read
	writing bool
	invalid bool // what was read can't have been written
}

// number is a field of so many hexadecimal digits.
func (c *codec) number(v uint64, digits int) uint64 {
	if c.writing {
		c.text = appendHex(c.text, v, digits)
		return v
	}
	if len(c.text) < digits {
		c.invalid, c.text = true, nil
		return 0
	}
	v, ok := parseHex(c.text[:digits])
	c.invalid = c.invalid || !ok
	c.text = c.text[digits:]
	return v
}

// What is written isn't assigned to, so that several may write one token at once.

func (c *codec) u32(to ...*uint32) {
	for _, field := range to {
		if v := c.number(uint64(*field), 8); !c.writing {
			*field = uint32(v) //nolint:gosec // eight hexadecimal digits
		}
	}
}

func (c *codec) u16(to *uint16) {
	if v := c.number(uint64(*to), 4); !c.writing {
		*to = uint16(v) //nolint:gosec // four hexadecimal digits
	}
}

func (c *codec) flag(to *bool) {
	v := uint64(0)
	if *to {
		v = 1
	}
	if v = c.number(v, 1); !c.writing {
		c.invalid = c.invalid || v > 1
		*to = v == 1
	}
}

// instant is a time in microseconds since the Unix epoch, zero for none.
func (c *codec) instant(to ...*time.Time) {
	for _, v := range to {
		micros := c.number(uint64(max(0, v.UnixMicro())), timeDigits) //nolint:gosec // not negative
		switch {
		case c.writing:
		case micros == 0:
			*v = time.Time{}
		default:
			*v = time.UnixMicro(int64(micros)) //nolint:gosec // 52 bits
		}
	}
}

// duration is a field of eight digits in this unit. What is longer than that can tell is
// written as the longest.
func (c *codec) duration(to *time.Duration, unit time.Duration) {
	const longest = 1<<32 - 1
	v := c.number(uint64(max(0, min(*to/unit, longest))), 8)
	if !c.writing {
		*to = time.Duration(v) * unit //nolint:gosec // eight hexadecimal digits
	}
}

// count is how many elements a list has, at most so many.
func (c *codec) count(n, most int) int {
	v := int(c.number(uint64(n), 2)) //nolint:gosec // not negative
	if v > most {
		c.invalid = true
		return 0
	}
	return v
}
