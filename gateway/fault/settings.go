package fault

import "errors"

// Settings are the faults that hold until they are changed. The zero value is
// a gateway that does everything right.
type Settings struct {
	Seed uint64 `json:"seed"` // of every random choice; 0 takes one at random

	Drop      Chance   `json:"drop,omitzero"`      // a delivery is never written
	Duplicate Chance   `json:"duplicate,omitzero"` // it is written twice
	Reorder   Chance   `json:"reorder,omitzero"`   // it is written after the connection's next one
	Delay     Spread   `json:"delay,omitzero"`     // it is written so much later
	Errors    Chance   `json:"errors,omitzero"`    // an error frame is written in front of it
	Deaf      Duration `json:"deaf,omitzero"`      // nothing is heard for so long after join or start_ack

	Refuse   Refusal  `json:"refuse,omitzero"`   // upgrades are refused
	Pace     float64  `json:"pace,omitzero"`     // upgrades a second; those beyond get 429
	SlowTLS  Duration `json:"slowTLS,omitzero"`  // every TLS handshake takes so much longer
	Unstable Unstable `json:"unstable,omitzero"` // connections are cut some time after they are ready

	StopKeepAlive bool `json:"stopKeepAlive,omitzero"` // no ka is sent
}

// Refusal is how upgrades are refused.
type Refusal struct {
	Status int    `json:"status"`
	Rate   Chance `json:"rate"`
}

// Unstable is which share of the connections is cut without a close frame, at
// a random time within so long after they are ready.
type Unstable struct {
	Share  Chance   `json:"share"`
	Within Duration `json:"within"`
}

// Action is what is done to the open connections once, when it is asked for.
type Action struct {
	Cut       float64 // this share of them is cut without a close frame
	Close     float64 // this share of them is closed with CloseCode
	CloseCode int
}

// Change is a new state of the faults and what to do at once.
type Change struct {
	Settings
	Action
}

// Key is one fault that can be set, by its name in POST /faults.
type Key struct {
	Name  string
	Flag  string // of serve; empty for what is done once, to connections that are open
	Usage string
	set   func(c *Change, text string) error
}

var errUnknown = errors.New("there is no such fault")

// Set changes the fault of that name. The error of an impossible value says
// what is possible.
func (c *Change) Set(name, text string) error {
	for _, key := range Keys() {
		if key.Name == name {
			return key.set(c, text)
		}
	}
	return errUnknown
}

// Keys lists everything that can be set.
func Keys() []Key {
	return []Key{
		{"seed", "seed", "of every random choice; the same seed makes the same choices",
			func(c *Change, t string) error { return parse(&c.Seed, t, parseSeed) }},
		{"drop", "drop", "how often a delivery is lost: 0.01, or 1/100 for every 100th",
			func(c *Change, t string) error { return parse(&c.Drop, t, ParseChance) }},
		{"duplicate", "duplicate", "how often a delivery is written twice",
			func(c *Change, t string) error { return parse(&c.Duplicate, t, ParseChance) }},
		{"reorder", "reorder", "how often a delivery is written after the connection's next one",
			func(c *Change, t string) error { return parse(&c.Reorder, t, ParseChance) }},
		{"delay", "delay", "how much later a delivery is written: 20ms, or 5ms..80ms",
			func(c *Change, t string) error { return parse(&c.Delay, t, ParseSpread) }},
		{"errors", "errors", "how often an error frame is written in front of a delivery",
			func(c *Change, t string) error { return parse(&c.Errors, t, ParseChance) }},
		{"deaf", "deaf", "how long a connection hears nothing after join or start_ack",
			func(c *Change, t string) error { return parse(&c.Deaf, t, parseDuration) }},
		{"refuse", "refuse", "how often an upgrade is refused, and with what: 429:0.1",
			func(c *Change, t string) error { return parse(&c.Refuse, t, parseRefusal) }},
		{"pace", "pace", "upgrades a second, beyond which they are refused with 429",
			func(c *Change, t string) error { return parse(&c.Pace, t, parsePace) }},
		{"slowTLS", "slow-tls", "how much longer a TLS handshake takes",
			func(c *Change, t string) error { return parse(&c.SlowTLS, t, parseDuration) }},
		{"unstable", "unstable", "share of connections cut at a random time after they are ready: 0.1:10s",
			func(c *Change, t string) error { return parse(&c.Unstable, t, parseUnstable) }},
		{"stopKeepAlive", "stop-keep-alive", "send no ka: true or false",
			func(c *Change, t string) error { return parse(&c.StopKeepAlive, t, parseBool) }},
		{"cut", "", "share of the open connections to cut now",
			func(c *Change, t string) error { return parse(&c.Cut, t, parseShare) }},
		{"close", "", "share of the open connections to close now, and the code: 1001:0.1",
			func(c *Change, t string) error { return c.parseClose(t) }},
	}
}

// parse sets value to what text says, if it says something possible.
func parse[T any](value *T, text string, how func(string) (T, error)) error {
	read, err := how(text)
	if err == nil {
		*value = read
	}
	return err
}
