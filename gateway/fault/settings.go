package fault

// Settings are the faults that hold until they are changed. The zero value is
// a gateway that does everything right.
type Settings struct {
	Seed uint64 `json:"seed"` // of every random choice; 0 chooses a seed at random

	Drop      Chance   `json:"drop,omitzero"`      // a delivery is never written
	Duplicate Chance   `json:"duplicate,omitzero"` // it is written twice
	Reorder   Chance   `json:"reorder,omitzero"`   // it is written after the connection's next one
	Delay     Spread   `json:"delay,omitzero"`     // it is written later
	Errors    Chance   `json:"errors,omitzero"`    // an error frame is written before it
	Deaf      Duration `json:"deaf,omitzero"`      // how long nothing is written after join, start_ack or subscribe_success

	Reject   Rejection `json:"reject,omitzero"`   // messages to API Gateway are answered with an error frame
	Refuse   Refusal   `json:"refuse,omitzero"`   // upgrades are refused
	Pace     float64   `json:"pace,omitzero"`     // upgrades a second; those beyond get 429
	SlowTLS  Duration  `json:"slowTLS,omitzero"`  // how much longer every TLS handshake takes
	Unstable Unstable  `json:"unstable,omitzero"` // connections are cut some time after they are ready

	FailEvent Chance    `json:"failEvent,omitzero"` // an event published to AppSync Events is in failed[]
	EventForm EventForm `json:"eventForm,omitzero"` // how its data messages hold an event

	StopKeepAlive bool `json:"stopKeepAlive,omitzero"` // no ka is sent
}

// Action is what is done once, to the connections that are open when it is
// asked for.
type Action struct {
	Cut   float64 // the share that is cut without a close frame
	Close Closing
}

// Change is the settings after a change, and what is to be done once.
type Change struct {
	Settings
	Action
}
