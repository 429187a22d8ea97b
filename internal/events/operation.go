package events

import "slices"

// operation is something that one side has asked of the other: a subscription, until
// the server has answered its end, or a request to publish, until it is answered.
type operation struct {
	id     string
	state  state
	events int // of a request to publish
}

type state uint8

const (
	subscribing   state = iota // subscribe is sent
	unwanted                   // subscribe is sent; unsubscribe is to be sent once that is acknowledged
	live                       // subscribe is acknowledged
	unsubscribing              // unsubscribe is sent
	publishing                 // publish is sent
)

// isSubscribing reports whether a subscribe has no answer yet.
func (op *operation) isSubscribing() bool {
	return op.state == subscribing || op.state == unwanted
}

// end returns the frame that ends the subscription, or nil if it can't be sent yet or has
// been sent before.
func (op *operation) end() []byte {
	switch op.state {
	case subscribing:
		op.state = unwanted
	case live:
		op.state = unsubscribing
		return unsubscribeFrame(op.id)
	case unwanted, unsubscribing, publishing:
	}
	return nil
}

// begin adds an operation that is being sent.
func (s *Session) begin(op operation) { s.operations = append(s.operations, op) }

func (s *Session) find(id []byte) *operation {
	for i := range s.operations {
		if s.operations[i].id == string(id) {
			return &s.operations[i]
		}
	}
	return nil
}

func (s *Session) forget(id string) {
	s.operations = slices.DeleteFunc(s.operations, func(op operation) bool { return op.id == id })
}
