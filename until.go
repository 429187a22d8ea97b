package pushgw

import (
	"math"
	"sync"
	"time"

	"github.com/grafana/sobek"
)

// giveUpUnless has listeners that wait until broadcasts are over know that there may be none,
// unless the method that was to lead to some has understood its options.
func (c *client) giveUpUnless(understood *bool) {
	if !*understood {
		c.roster().Expect()(false)
	}
}

// readUntil reads the option until, which is in place of count: for how long broadcasts are
// sent, or a promise that ends it by being settled.
func (b *broadcastOptions) readUntil(rt *sobek.Runtime, o *options) {
	value, given := o.raw("until")
	if !given {
		return
	}
	if _, counted := o.raw("count"); counted {
		o.fail("until", "can't be given beside \"count\"")
	}
	if b.plan.Rate == 0 {
		o.fail("until", "needs \"rate\": how many are to be sent each second?")
	}
	if then, ok := thenOf(value); ok {
		done, err := settled(rt, value, then)
		if err != nil {
			o.fail("until", "can't be waited for: %v", err)
		}
		b.plan.Count, b.planned, b.plan.Until = math.MaxInt32, 0, done
		return
	}
	b.plan.Count = countWithin(o, o.duration("until", 0), b.plan.Rate)
	b.planned = b.plan.Count
}

// countWithin returns how many broadcasts are due within a duration, the first at once.
func countWithin(o *options, d time.Duration, rate float64) int {
	n := math.Ceil(d.Seconds() * rate)
	switch {
	case d == 0:
		o.fail("until", "must be longer than nothing")
	case n > math.MaxInt32:
		o.fail("until", "is too long: that would be %.0f broadcasts", n)
	default:
		return int(n)
	}
	return 0
}

// thenOf returns the method then of a promise, or of what behaves like one.
func thenOf(value sobek.Value) (sobek.Callable, bool) {
	object, ok := value.(*sobek.Object)
	if !ok {
		return nil, false
	}
	return sobek.AssertFunction(object.Get("then"))
}

// settled returns a channel that is closed when the promise is fulfilled or rejected.
func settled(rt *sobek.Runtime, promise sobek.Value, then sobek.Callable) (<-chan struct{}, error) {
	done := make(chan struct{})
	end := sync.OnceFunc(func() { close(done) })
	callback := rt.ToValue(func(sobek.FunctionCall) sobek.Value {
		end()
		return sobek.Undefined()
	})
	_, err := then(promise, callback, callback)
	return done, err
}
