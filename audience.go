package pushgw

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// audience returns the audience with this key.
func (c *client) audience(key string) *ledger.Audience {
	return c.module.process.ledger.Audience(ledger.Name{Endpoint: c.backend.endpoint(), Key: key})
}

// constantAudience returns the key of the audience that all listeners of the client are of,
// and whether there is only that one.
func (c *client) constantAudience() (key string, ok bool) {
	heard := c.backend.heard()
	if len(heard) != 1 || !heard[0].audience.constant() {
		return "", false
	}
	return heard[0].audience.text, true
}

// maxNamed is how many audiences a message names.
const maxNamed = 5

// othersListening names audiences at the same endpoint whose listeners are ready; empty if there
// are none but this one.
func (c *client) othersListening(than *ledger.Audience) string {
	name := than.Name()
	others := slices.DeleteFunc(c.module.process.ledger.Occupied(name.Endpoint), func(key string) bool { return key == name.Key })
	if len(others) == 0 {
		return ""
	}
	named := make([]string, min(len(others), maxNamed))
	for i := range named {
		named[i] = strconv.Quote(others[i])
	}
	text := strings.Join(named, ", ")
	if more := len(others) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// roster returns the one that counts the client's listeners. Clients whose listeners are of
// the same audiences share one; so do those of one endpoint whose listeners' audiences differ.
func (c *client) roster() *ledger.Roster {
	name := c.backend.endpoint()
	for _, h := range c.backend.heard() {
		if !h.audience.constant() {
			name = c.backend.endpoint() + ", each its own"
			break
		}
		name += fmt.Sprintf(" %q", h.audience.text)
	}
	return c.module.process.ledger.Roster(name)
}

// subscriptions returns what one listener hears by. Where the audiences are constant, the
// listeners of the call share it.
func (c *call) subscriptions(own *values) ([]listen.Subscription, error) {
	c.once.Do(func() { c.shared = c.constantSubscriptions() })
	if c.shared != nil {
		return c.shared, nil
	}
	heard := c.client.backend.heard()
	list := make([]listen.Subscription, len(heard))
	for i := range heard {
		key, err := heard[i].audience.of(own)
		if err != nil {
			return nil, err
		}
		list[i] = listen.Subscription{Request: heard[i].request, Audience: c.client.audience(key)}
	}
	return list, nil
}

// constantSubscriptions returns what every listener hears by, nil if that differs.
func (c *call) constantSubscriptions() []listen.Subscription {
	heard := c.client.backend.heard()
	list := make([]listen.Subscription, len(heard))
	for i, h := range heard {
		if !h.audience.constant() {
			return nil
		}
		list[i] = listen.Subscription{Request: h.request, Audience: c.client.audience(h.audience.text)}
	}
	return list
}

// readAudience reads the option audience of a client or of a subscription, and reports whether
// it is given.
func readAudience(o *options, vs *varyings) (varying, bool) {
	_, given := o.raw("audience")
	return vs.read(o, "audience", "", checkAudience), given
}

// checkAudience says what is wrong with the key of an audience; empty if nothing is.
func checkAudience(key string) string {
	if key == "" {
		return "must not be empty"
	}
	return ""
}

// addressee reads to which audience a broadcast goes: the default one if that is known and no
// other is given.
func (o *options) addressee(def string, known bool) string {
	if _, given := o.raw("audience"); given {
		key := o.str("audience", "")
		if reason := checkAudience(key); reason != "" {
			o.fail("audience", "%s", reason)
		}
		return key
	}
	if !known && o.err == nil {
		o.err = scriptErrorf(nameUsageError, "%s: option \"audience\" is missing: the client's listeners are not all of one audience", o.call)
	}
	return def
}

// fillAudience returns a message with the key of its audience in it.
func fillAudience(message, key string) string {
	if !strings.Contains(message, audiencePlaceholder) {
		return message
	}
	if isJSON(message) {
		key = escapeJSON(key)
	}
	return strings.ReplaceAll(message, audiencePlaceholder, key)
}
