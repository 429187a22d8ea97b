package fault

import (
	"encoding"
	"errors"
)

// Key is one fault that can be set, by its name in POST /faults.
type Key struct {
	Name  string
	Flag  string // of serve; empty for an Action
	Usage string
	field func(c *Change) encoding.TextUnmarshaler // where it is kept
}

var errUnknown = errors.New("there is no such fault")

// Set changes the fault with that name. The error of an impossible value says
// what is possible.
func (c *Change) Set(name, text string) error {
	field, known := c.field(name)
	if !known {
		return errUnknown
	}
	return field.UnmarshalText([]byte(text))
}

// field returns where the fault with that name is kept.
func (c *Change) field(name string) (field encoding.TextUnmarshaler, known bool) {
	for _, key := range Keys() {
		if key.Name == name {
			return key.field(c), true
		}
	}
	return nil, false
}

// Keys lists everything that can be set.
func Keys() []Key {
	type field = encoding.TextUnmarshaler
	return []Key{
		{
			"seed", "seed", "of every random choice; the same seed makes the same choices",
			func(c *Change) field { return (*seed)(&c.Seed) },
		},
		{
			"drop", "drop", "how often a delivery is lost: 0.01, or 1/100 for every 100th",
			func(c *Change) field { return &c.Drop },
		},
		{
			"duplicate", "duplicate", "how often a delivery is written twice",
			func(c *Change) field { return &c.Duplicate },
		},
		{
			"reorder", "reorder", "how often a delivery is written after the connection's next one",
			func(c *Change) field { return &c.Reorder },
		},
		{
			"delay", "delay", "how much later a delivery is written: 20ms, or 5ms..80ms",
			func(c *Change) field { return &c.Delay },
		},
		{
			"errors", "errors", "how often an error frame is written in front of a delivery",
			func(c *Change) field { return &c.Errors },
		},
		{
			"reject", "reject", "how often API Gateway doesn't handle a message, and what it says: Forbidden:0.1",
			func(c *Change) field { return &c.Reject },
		},
		{
			"deaf", "deaf", "how long a connection hears nothing after it has joined or subscribed",
			func(c *Change) field { return &c.Deaf },
		},
		{
			"refuse", "refuse", "how often an upgrade is refused, and with what: 429:0.1",
			func(c *Change) field { return &c.Refuse },
		},
		{
			"pace", "pace", "upgrades a second, beyond which they are refused with 429",
			func(c *Change) field { return (*pace)(&c.Pace) },
		},
		{
			"slowTLS", "slow-tls", "how much longer a TLS handshake takes",
			func(c *Change) field { return &c.SlowTLS },
		},
		{
			"unstable", "unstable", "share of connections cut at a random time after they are ready: 0.1:10s",
			func(c *Change) field { return &c.Unstable },
		},
		{
			"failEvent", "fail-event", "how often an event published to AppSync Events is answered as failed",
			func(c *Change) field { return &c.FailEvent },
		},
		{
			"eventForm", "event-form", "how AppSync Events' data messages hold an event: string, list or object",
			func(c *Change) field { return &c.EventForm },
		},
		{
			"stopKeepAlive", "stop-keep-alive", "send no ka: true or false",
			func(c *Change) field { return (*boolean)(&c.StopKeepAlive) },
		},
		{
			"cut", "", "share of the open connections to cut now",
			func(c *Change) field { return (*share)(&c.Cut) },
		},
		{
			"close", "", "share of the open connections to close now, and the code: 1001:0.1",
			func(c *Change) field { return &c.Close },
		},
	}
}
