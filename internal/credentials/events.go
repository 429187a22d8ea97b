package credentials

import "github.com/pushgw/xk6-pushgw/internal/jsonscan"

// What the authorization of a frame covers on an Event API, which is less than the frame:
// its id, its type and the authorization itself aren't in it. AppSync writes it anew from
// the frame, without spaces and with the members in this order. See "Authorization formatting by
// mode" in "Understanding the Event API WebSocket protocol".

// SubscribeBody returns what the authorization of a subscribe frame covers.
func SubscribeBody(channel string) string {
	return string(append(appendChannel(channel), '}'))
}

// PublishBody returns what the authorization of a publish frame covers. It is also the body
// of a publish over HTTP. Each event is JSON, and goes in as a string.
func PublishBody(channel string, events []string) string {
	b := append(appendChannel(channel), `,"events":[`...)
	for i, event := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonscan.AppendString(b, event)
	}
	return string(append(b, "]}"...))
}

func appendChannel(channel string) []byte {
	return jsonscan.AppendString([]byte(`{"channel":`), channel)
}
