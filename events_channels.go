package pushgw

import (
	"fmt"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/events"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// readChannels reads what listeners subscribe to: one channel, or a list of several. Each
// has an audience of its own, which is named after it unless the script says otherwise.
func (g *eventAPI) readChannels(o *options, vs *varyings) {
	audience, given := readAudience(o, vs)
	g.ownAudience = given
	if value, ok := o.raw("channel"); ok {
		g.channels = readChannelList(o, vs, value)
	}
	if given && len(g.channels) > 1 {
		o.fail("audience", "can't be given where there are several channels, of which each has its own")
	}
	for i, channel := range g.channels {
		h := heard{request: realtime.HandshakeID(i), audience: channel}
		if given {
			h.audience = audience
		}
		g.hears = append(g.hears, h)
	}
	if len(g.channels) == 0 { // there are no listeners, and yet an audience of nobody
		g.hears = []heard{{request: realtime.HandshakeID(0), audience: audience}}
	}
}

// readChannelList reads a channel, or a list of several.
func readChannelList(o *options, vs *varyings, value sobek.Value) []varying {
	if _, isList := value.Export().([]any); !isList {
		return []varying{vs.readChannel(o, "channel", value)}
	}
	var channels []varying
	for i, value := range o.values("channel") {
		channels = append(channels, vs.readChannel(o, fmt.Sprintf("channel[%d]", i), value))
	}
	if len(channels) == 0 || len(channels) > realtime.MaxSubscriptions {
		o.fail("channel", "must be 1 to %d channels, as many as AppSync lets a connection have, not %d", realtime.MaxSubscriptions, len(channels))
	}
	return channels
}

// readChannel reads one channel, which may differ from one connection to the next. All ways
// to write it come to one, so that it can be the name of its audience.
func (vs *varyings) readChannel(o *options, name string, value sobek.Value) varying {
	channel, isFunction := vs.readFunction(name, value, func(returned sobek.Value) (string, error) {
		text, err := readString(returned)
		return events.CanonicalChannel(text), err
	})
	if isFunction {
		channel.check = checkChannel
		return channel
	}
	channel = vs.readValue(o, "channel", name, value, checkChannel)
	channel.text = events.CanonicalChannel(channel.text)
	return channel
}

// checkChannel says what is wrong with a channel that is subscribed to; empty if nothing is.
func checkChannel(channel string) string {
	if err := events.CheckChannel(channel); err != nil {
		return err.Error()
	}
	return ""
}

// checkConcrete returns why a method can't publish to a channel, if it can't.
func checkConcrete(method, channel string) error {
	if events.IsWildcard(channel) {
		return scriptErrorf(nameUsageError, "%s can't publish to %q, which a wildcard ends: it needs an option \"channel\" of its own", method, channel)
	}
	return nil
}

// checkCanaryChannel returns why canaries can't reach those who have subscribed to a channel, if they
// can't: it is a wildcard, and doesn't cover the channel that the call says, if any.
func checkCanaryChannel(subscribed, channel string) error {
	if !events.IsWildcard(subscribed) || events.Covers(subscribed, channel) {
		return nil
	}
	return scriptErrorf(nameUsageError, "ready() with canary can't publish to %[1]q, which a wildcard ends: say a channel that it covers, as in "+
		"ready({ listeners, canary: true, channel: '%[2]scanary', audience: '%[1]s' }); without that audience, the listeners of the client's other channels "+
		"are waited for, too", subscribed, strings.TrimSuffix(subscribed, "*"))
}

// readChannel reads the channel of one call; empty if there is none.
func readChannel(o *options) string {
	if _, ok := o.raw("channel"); !ok {
		return ""
	}
	channel := o.str("channel", "")
	if reason := checkChannel(channel); reason != "" {
		o.fail("channel", "%s", reason)
	}
	return events.CanonicalChannel(channel)
}

// onlyChannel is the one channel that all listeners subscribe to; empty if there is none.
func (g *eventAPI) onlyChannel() string {
	if len(g.channels) != 1 || !g.channels[0].constant() {
		return ""
	}
	return g.channels[0].text
}

// audienceOf returns the key of the audience that hears a channel, by which of the client's
// listeners do, if any; empty if only the script can tell.
func (g *eventAPI) audienceOf(channel string) string {
	if g.ownAudience {
		return ""
	}
	covering := channel
	for i := range g.channels {
		switch own := &g.channels[i]; {
		case !own.constant():
		case own.text == channel:
			return channel
		case events.Covers(own.text, channel):
			covering = own.text
		}
	}
	return covering
}
