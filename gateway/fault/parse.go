package fault

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	errChance   = errors.New("must be a probability between 0 and 1, or 1/n for every n-th")
	errSpread   = errors.New(`must be a duration such as "20ms" or a spread such as "5ms..80ms"`)
	errDuration = errors.New(`must be a duration such as "500ms", zero or longer`)
	errShare    = errors.New("must be a share between 0 and 1")
	errBool     = errors.New("must be true or false")
	errPace     = errors.New("must be a number of connections a second, zero or more")
	errSeed     = errors.New("must be a whole number, zero or more")
	errRefusal  = errors.New(`must be like "429:0.1", with 403, 429, 500 or 502 and how often`)
	errUnstable = errors.New(`must be like "0.1:10s", a share and the time within which it is cut`)
	errClose    = errors.New(`must be like "1001:0.1", a code from 1000 to 4999 and a share`)
)

func parseDuration(text string) (Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errDuration
	}
	return Duration(d), nil
}

func parseSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errSeed
	}
	return n, nil
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, errBool
	}
}

func parsePace(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0) || math.IsInf(n, 0) {
		return 0, errPace
	}
	return n, nil
}

func parseShare(text string) (float64, error) {
	share, err := strconv.ParseFloat(text, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, errShare
	}
	return share, nil
}

func parseRefusal(text string) (Refusal, error) {
	if text == "0" {
		return Refusal{}, nil
	}
	status, often, _ := strings.Cut(text, ":")
	code, err1 := strconv.Atoi(status)
	rate, err2 := ParseChance(often)
	known := []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway}
	if err1 != nil || err2 != nil || !slices.Contains(known, code) {
		return Refusal{}, errRefusal
	}
	return Refusal{Status: code, Rate: rate}, nil
}

func parseUnstable(text string) (Unstable, error) {
	if text == "0" {
		return Unstable{}, nil
	}
	often, long, _ := strings.Cut(text, ":")
	share, err1 := ParseChance(often)
	within, err2 := parseDuration(long)
	if err1 != nil || err2 != nil {
		return Unstable{}, errUnstable
	}
	return Unstable{Share: share, Within: within}, nil
}

// parseClose reads a code that an endpoint may send (RFC 6455, section 7.4).
func parseClose(text string) (Closing, error) {
	const none, abnormal, first, last = 1005, 1006, 1000, 4999
	code, often, _ := strings.Cut(text, ":")
	number, err1 := strconv.Atoi(code)
	share, err2 := parseShare(often)
	if err1 != nil || err2 != nil || number < first || number > last || number == none || number == abnormal {
		return Closing{}, errClose
	}
	return Closing{Code: number, Share: share}, nil
}
