package hostile

import (
	"fmt"
	"strings"
)

// InvalidText sends text that is no UTF-8, and closes in the usual way.
func InvalidText() Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		c.Text(c.Data("\xff\xfe\xc0\xaf"))
		c.Bye()
	}}
}

// Say sends these messages as soon as the connection is ready, and closes in the usual
// way.
func Say(messages ...string) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		for _, message := range messages {
			c.Text(message)
		}
		c.Bye()
	}}
}

// Nested is an error message of the dialect with brackets in it that many deep.
func Nested(dialect Dialect, deep int) string {
	open, shut := strings.Repeat("[", deep), strings.Repeat("]", deep)
	switch dialect {
	case AppSync:
		return fmt.Sprintf(`{"type":"error","payload":{"errors":%s%s}}`, open, shut)
	case Events:
		return fmt.Sprintf(`{"type":"broadcast_error","errors":%s%s}`, open, shut)
	case APIGateway:
	}
	return fmt.Sprintf(`{"message":"Forbidden","connectionId":"a","requestId":"b","more":%s%s}`, open, shut)
}

// Acknowledge answers the client's first message with this text, and goes on as a good
// AppSync.
func Acknowledge(text string) Behaviour {
	return Behaviour{Shaken: func(c *Conn) {
		c.ReadText()
		c.Text(text)
		c.server.dialect.Complete(c)
	}}
}

// AnswerPublish answers what a host publishes with these texts, one after the other, and
// then with the end of the connection.
func AnswerPublish(texts ...string) Behaviour {
	return Behaviour{Shaken: func(c *Conn) {
		c.server.dialect.Begin(c)
		for _, text := range texts {
			c.ReadText()
			c.Text(text)
		}
		c.ReadText()
		c.Cut()
	}}
}
