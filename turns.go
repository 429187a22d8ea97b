package pushgw

import "context"

// turns lets calls of a script have their effect one after another, in the order in
// which the script made them. It is used on the event loop only.
type turns struct{ last *turn }

// turn is one call's.
type turn struct {
	number int
	before <-chan struct{} // closed when the turn before has ended
	over   chan struct{}
}

// next gives a call its turn, which must be ended.
func (t *turns) next() *turn {
	next := &turn{number: 1, over: make(chan struct{})}
	if t.last != nil {
		next.number, next.before = t.last.number+1, t.last.over
	}
	t.last = next
	return next
}

// come reports whether the turn has come.
func (t *turn) come() bool {
	if t.before == nil {
		return true
	}
	select {
	case <-t.before:
		return true
	default:
		return false
	}
}

// wait waits until the turn has come.
func (t *turn) wait(ctx context.Context) error {
	if t.come() {
		return nil
	}
	select {
	case <-t.before:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turn) end() { close(t.over) }
