package pushgw

import (
	"fmt"

	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// readSubscriptions reads what listeners subscribe to: one operation, or a list of several,
// each with an audience of its own.
func (g *appSync) readSubscriptions(o *options, vs *varyings) {
	if list := o.list("subscriptions"); list != nil {
		g.readSubscriptionList(o, vs, list)
		return
	}
	subscription := readOperation(o, "subscription", vs)
	audience := readSubscriptionAudience(o, vs, subscription)
	if subscription != nil {
		g.subscriptions = []*operation{subscription}
	}
	// Without a subscription there are no listeners, and yet an audience of nobody.
	g.hears = []heard{{request: realtime.HandshakeID(0), audience: audience}}
}

// readSubscriptionList reads the option subscriptions.
func (g *appSync) readSubscriptionList(o *options, vs *varyings, list []*options) {
	for _, key := range []string{"subscription", "audience"} {
		if _, given := o.raw(key); given {
			o.fail("subscriptions", "can't be given beside %q", key)
		}
	}
	if len(list) == 0 || len(list) > realtime.MaxSubscriptions {
		o.fail("subscriptions", "must have 1 to %d operations in it, as many as AppSync lets a connection have, not %d",
			realtime.MaxSubscriptions, len(list))
	}
	for i, section := range list {
		subscription := vs.readOperation(section, fmt.Sprintf("subscriptions[%d]", i))
		audience := readSubscriptionAudience(section, vs, subscription)
		o.merge(section)
		g.subscriptions = append(g.subscriptions, subscription)
		g.hears = append(g.hears, heard{request: realtime.HandshakeID(i), audience: audience})
	}
}

// readSubscriptionAudience reads the audience of those who subscribe with an operation. If it
// isn't given, they are whoever subscribes with the same.
func readSubscriptionAudience(o *options, vs *varyings, subscription *operation) varying {
	audience, given := readAudience(o, vs)
	if given {
		return audience
	}
	if subscription != nil && !subscription.constant() {
		o.fail("audience", "is missing: where subscriptions differ, it says who hears the same")
	}
	return varying{text: subscription.constantText()}
}
