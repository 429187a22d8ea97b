package hostile

import (
	"fmt"
	"strings"
)

// Dialect is what the server speaks on an open WebSocket.
type Dialect string

// The dialects.
const (
	APIGateway Dialect = "apigw"
	AppSync    Dialect = "appsync"
	Events     Dialect = "events"
)

// Shake is the dialect's handshake, as a good gateway does it.
func (d Dialect) Shake(c *Conn) {
	d.Begin(c)
	d.Complete(c)
}

// Begin is the first half of the handshake: the client gives its name, or is
// acknowledged.
func (d Dialect) Begin(c *Conn) {
	first := c.ReadText()
	switch d {
	case APIGateway:
		c.Text("Using nickname: " + first)
	case AppSync:
		c.Text(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
	case Events:
		c.Text(`{"type":"connection_ack","connectionTimeoutMs":300000}`)
	}
}

// Complete is the second half: the client joins its room, or subscribes.
func (d Dialect) Complete(c *Conn) {
	second := c.ReadText()
	switch d {
	case APIGateway:
		c.Text("Joined chat room: " + strings.TrimPrefix(second, "/join "))
	case AppSync:
		c.Text(`{"id":"1","type":"start_ack"}`)
	case Events:
		c.Text(`{"id":"1","type":"subscribe_success"}`)
	}
}

// Data is a message with data of the connection's dialect, which has text in it.
// The text is put there as it is.
func (c *Conn) Data(text string) string {
	switch c.server.dialect {
	case AppSync:
		return fmt.Sprintf(`{"id":"1","type":"data","payload":{"data":{"onCreateRoom":{"title":"%s"}}}}`, text)
	case Events:
		return fmt.Sprintf(`{"id":"1","type":"data","event":"{\"stamp\":\"%s\"}"}`, text)
	case APIGateway:
	}
	return text
}

// Failure is an error message of the connection's dialect.
func (c *Conn) Failure(name string) string {
	switch c.server.dialect {
	case AppSync:
		return fmt.Sprintf(`{"type":"error","payload":{"errors":[{"errorType":"%s","message":"%s"}]}}`, name, name)
	case Events:
		return fmt.Sprintf(`{"type":"broadcast_error","id":"1","errors":[{"errorType":"%s","message":"%s"}]}`, name, name)
	case APIGateway:
	}
	return fmt.Sprintf(`{"message":"%s","connectionId":"a","requestId":"b"}`, name)
}
