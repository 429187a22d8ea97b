package hostile

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"sync"
	"time"
)

// stampIn finds a stamp in a message.
var stampIn = regexp.MustCompile(`pgw2-[0-9a-f]{16}[-c][0-9a-f]{25}-[0-9a-f]{8}`)

// stamp writes a stamp with a good checksum, of a broadcast that is the last and isn't late.
func stamp(origin, sequence uint32, sent time.Time) string {
	const timeDigits, inTime = 13, "0000"
	micros, number := digits(binary.BigEndian.AppendUint64(nil, uint64(sent.UnixMicro()))), digits(binary.BigEndian.AppendUint32(nil, sequence))
	text := "pgw2-" + digits(binary.BigEndian.AppendUint32(nil, origin)) + number + "-" + number + inTime + micros[len(micros)-timeDigits:] + "-"
	return text + digits(binary.BigEndian.AppendUint32(nil, crc32.Checksum([]byte(text), castagnoli)))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// digits are hexadecimal. Package fmt would take seconds for some hundred thousand.
func digits(b []byte) string { return hex.EncodeToString(b) }

// read takes a stamp apart.
func read(text string) (origin, sequence uint32, sent time.Time) {
	var end, late, micros int64
	_, _ = fmt.Sscanf(text, "pgw2-%08x%08x-%08x%04x%013x-", &origin, &sequence, &end, &late, &micros)
	return origin, sequence, time.UnixMicro(micros)
}

// ManyStamps sends one message with that many different stamps, and closes in the
// usual way.
func ManyStamps(n int) Behaviour {
	stamps := sync.OnceValue(func() string {
		var text strings.Builder
		now := time.Now()
		for i := range n {
			text.WriteString(stamp(7, uint32(i+1), now))
		}
		return text.String()
	})
	return Behaviour{Ready: func(c *Conn) {
		c.Text(c.Data(stamps()))
		c.Bye()
	}}
}

// ManyOrigins sends messages of that many publishers that don't exist, all of them
// sent so much before they come, and closes in the usual way.
func ManyOrigins(n int, before time.Duration) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		for i := range n {
			if c.Ended() {
				return
			}
			c.Text(c.Data(stamp(uint32(i+1), 1, time.Now().Add(-before))))
		}
		c.Bye()
	}}
}

// Forge relays these forgeries before each broadcast: stamps of the same publisher that
// it has never sent.
func Forge(forgeries ...func(origin, sequence uint32, sent time.Time) string) Behaviour {
	return Behaviour{Relayed: func(to *Conn, genuine string) {
		for _, forge := range forgeries {
			to.Text(to.Data(forge(read(genuine))))
		}
		to.Text(to.Data(genuine))
	}}
}

// FutureSequence is a forgery: a broadcast that is yet to come.
func FutureSequence(origin, sequence uint32, sent time.Time) string {
	return stamp(origin, sequence+1_000_000, sent)
}

// LastSequence is a forgery: the last broadcast that there can be.
func LastSequence(origin, _ uint32, sent time.Time) string { return stamp(origin, 1<<32-1, sent) }

// OtherTime is a forgery: a broadcast with another send time than its own.
func OtherTime(origin, sequence uint32, sent time.Time) string {
	return stamp(origin, sequence, sent.Add(-time.Hour))
}
