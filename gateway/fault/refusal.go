package fault

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Refusal is how often upgrades are refused, and with which status.
type Refusal struct {
	Status int    `json:"status"`
	Rate   Chance `json:"rate"`
}

var errRefusal = errors.New(`must be like "429:0.1", with 400, 401, 403, 429, 500, 502 or 504 and how often`)

// UnmarshalText reads "429:0.1", or "0" for none.
func (r *Refusal) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*r = Refusal{}
		return nil
	}
	known := []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout,
	}
	status, rate, _ := strings.Cut(string(text), ":")
	var parsed Refusal
	var err error
	if parsed.Status, err = strconv.Atoi(status); err != nil || !slices.Contains(known, parsed.Status) {
		return errRefusal
	}
	if parsed.Rate.UnmarshalText([]byte(rate)) != nil {
		return errRefusal
	}
	*r = parsed
	return nil
}

// UnmarshalJSON reads {"status": 429, "rate": 0.1}, or text as UnmarshalText does.
func (r *Refusal) UnmarshalJSON(data []byte) error {
	return r.UnmarshalText(pairText(data, "status", "rate"))
}
