package fault

import (
	"errors"
	"strings"
)

// Unstable is the share of the connections that are cut without a close frame,
// each at a random time within a period that begins when it is ready.
type Unstable struct {
	Share  Chance   `json:"share"`
	Within Duration `json:"within"`
}

var errUnstable = errors.New(`must be like "0.1:10s", a share and the time within which it is cut`)

// UnmarshalText reads "0.1:10s", or "0" for none.
func (u *Unstable) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*u = Unstable{}
		return nil
	}
	share, within, _ := strings.Cut(string(text), ":")
	var parsed Unstable
	if parsed.Share.UnmarshalText([]byte(share)) != nil || parsed.Within.UnmarshalText([]byte(within)) != nil {
		return errUnstable
	}
	*u = parsed
	return nil
}

// UnmarshalJSON reads {"share": 0.1, "within": "10s"}, or text as UnmarshalText does.
func (u *Unstable) UnmarshalJSON(data []byte) error {
	return u.UnmarshalText(pairText(data, "share", "within"))
}
