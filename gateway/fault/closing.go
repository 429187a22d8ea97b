package fault

import (
	"errors"
	"strconv"
	"strings"
)

// Closing is a share of the connections to close, and the close code.
type Closing struct {
	Code  int
	Share float64
}

var errClosing = errors.New(`must be like "1001:0.1", a code from 1000 to 4999 and a share`)

// UnmarshalText reads "1001:0.1". The code must be one that an endpoint may send
// (RFC 6455, section 7.4).
func (c *Closing) UnmarshalText(text []byte) error {
	const none, abnormal, first, last = 1005, 1006, 1000, 4999
	code, of, _ := strings.Cut(string(text), ":")
	number, err := strconv.Atoi(code)
	if err != nil || number < first || number > last || number == none || number == abnormal {
		return errClosing
	}
	parsed := Closing{Code: number}
	if (*share)(&parsed.Share).UnmarshalText([]byte(of)) != nil {
		return errClosing
	}
	*c = parsed
	return nil
}

// UnmarshalJSON reads {"code": 1001, "share": 0.1}, or text as UnmarshalText does.
func (c *Closing) UnmarshalJSON(data []byte) error {
	return c.UnmarshalText(pairText(data, "code", "share"))
}
