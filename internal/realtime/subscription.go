package realtime

// Subscription is one of a connection's subscriptions, from its start until the server has
// answered its end.
type Subscription struct {
	ID    string
	State State
}

// State is how far a subscription is.
type State uint8

// The states of a subscription.
const (
	Starting State = iota // its start is sent
	Unwanted              // its start is sent; its end is to be sent once the start is acknowledged
	Live                  // its start is acknowledged
	Stopping              // its end is sent
)

// pending reports whether the start has no answer yet.
func (sub *Subscription) pending() bool { return sub.State == Starting || sub.State == Unwanted }

// stop returns the frame that ends the subscription, or nil if it can't be sent yet or has
// been sent before.
func (sub *Subscription) stop(frame EndFrame) []byte {
	switch sub.State {
	case Starting:
		sub.State = Unwanted
	case Live:
		sub.State = Stopping
		return frame(sub.ID)
	case Unwanted, Stopping:
	}
	return nil
}
