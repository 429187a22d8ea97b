package fault

import (
	"errors"
	"math"
	"strconv"
)

// Settings of built-in types are read through these, as package flag does it: a
// pointer to the setting is converted to a pointer to one of them.
type (
	seed    uint64
	pace    float64
	share   float64
	boolean bool
)

var (
	errSeed    = errors.New("must be a whole number, zero or more")
	errPace    = errors.New("must be a number of connections a second, zero or more")
	errShare   = errors.New("must be a share between 0 and 1")
	errBoolean = errors.New("must be true or false")
)

func (s *seed) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return errSeed
	}
	*s = seed(n)
	return nil
}

func (p *pace) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(n >= 0) || math.IsInf(n, 0) { // NaN isn't 0 or more
		return errPace
	}
	*p = pace(n)
	return nil
}

func (s *share) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(n >= 0 && n <= 1) { // NaN is neither
		return errShare
	}
	*s = share(n)
	return nil
}

func (b *boolean) UnmarshalText(text []byte) error {
	switch string(text) {
	case "true":
		*b = true
	case "false":
		*b = false
	default:
		return errBoolean
	}
	return nil
}
