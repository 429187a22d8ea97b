package truth

import (
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func stamped(sequence int) []byte {
	return stamp.Stamp{Origin: 0xab, Sequence: uint32(sequence), Sent: time.Now()}.Append([]byte("x "))
}
