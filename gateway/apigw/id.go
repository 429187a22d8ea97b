package apigw

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// idBytes is the length of an id that is decoded. Encoded it is 16 characters,
// the last of which is "=".
const idBytes = 11

// newID returns an id like those of connections and requests on AWS: eleven
// bytes in URL-safe base64, of which the first four count up with time.
func newID() string {
	const tick = 25 * time.Millisecond
	var id [idBytes]byte
	binary.BigEndian.PutUint64(id[3:], rand.Uint64()) // a name, not a secret
	ticks := time.Now().UnixNano() / int64(tick)
	binary.BigEndian.PutUint32(id[:4], uint32(ticks)) // it wraps around
	return base64.URLEncoding.EncodeToString(id[:])
}

// wellFormed reports whether id could be a connection's.
func wellFormed(id string) bool {
	decoded, err := base64.URLEncoding.Strict().DecodeString(id)
	return err == nil && len(decoded) == idBytes && len(id) == base64.URLEncoding.EncodedLen(idBytes)
}
