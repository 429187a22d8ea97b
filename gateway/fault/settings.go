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
	Cut   float64 // this share of them is cut without a close frame
	Close Closing
}

// Closing is a share of the connections to close, and the close code.
type Closing struct {
	Code  int
	Share float64
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
		key("seed", "seed", "of every random choice; the same seed makes the same choices",
			parseSeed, func(c *Change) *uint64 { return &c.Seed }),
		key("drop", "drop", "how often a delivery is lost: 0.01, or 1/100 for every 100th",
			ParseChance, func(c *Change) *Chance { return &c.Drop }),
		key("duplicate", "duplicate", "how often a delivery is written twice",
			ParseChance, func(c *Change) *Chance { return &c.Duplicate }),
		key("reorder", "reorder", "how often a delivery is written after the connection's next one",
			ParseChance, func(c *Change) *Chance { return &c.Reorder }),
		key("delay", "delay", "how much later a delivery is written: 20ms, or 5ms..80ms",
			ParseSpread, func(c *Change) *Spread { return &c.Delay }),
		key("errors", "errors", "how often an error frame is written in front of a delivery",
			ParseChance, func(c *Change) *Chance { return &c.Errors }),
		key("deaf", "deaf", "how long a connection hears nothing after join or start_ack",
			parseDuration, func(c *Change) *Duration { return &c.Deaf }),
		key("refuse", "refuse", "how often an upgrade is refused, and with what: 429:0.1",
			parseRefusal, func(c *Change) *Refusal { return &c.Refuse }),
		key("pace", "pace", "upgrades a second, beyond which they are refused with 429",
			parsePace, func(c *Change) *float64 { return &c.Pace }),
		key("slowTLS", "slow-tls", "how much longer a TLS handshake takes",
			parseDuration, func(c *Change) *Duration { return &c.SlowTLS }),
		key("unstable", "unstable", "share of connections cut at a random time after they are ready: 0.1:10s",
			parseUnstable, func(c *Change) *Unstable { return &c.Unstable }),
		key("stopKeepAlive", "stop-keep-alive", "send no ka: true or false",
			parseBool, func(c *Change) *bool { return &c.StopKeepAlive }),
		key("cut", "", "share of the open connections to cut now",
			parseShare, func(c *Change) *float64 { return &c.Cut }),
		key("close", "", "share of the open connections to close now, and the code: 1001:0.1",
			parseClose, func(c *Change) *Closing { return &c.Close }),
	}
}

// key makes a Key of how its value is read and where it is kept.
func key[T any](name, flag, usage string, read func(string) (T, error), where func(*Change) *T) Key {
	return Key{Name: name, Flag: flag, Usage: usage, set: func(c *Change, text string) error {
		value, err := read(text)
		if err == nil {
			*where(c) = value
		}
		return err
	}}
}
