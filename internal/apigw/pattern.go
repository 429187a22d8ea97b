package apigw

import (
	"fmt"
	"regexp"
)

// connectionIDGroup is the name of the group of a pattern that holds the connection's id.
const connectionIDGroup = "connectionId"

// maxConnectionID is how many bytes an id may have. Those of API Gateway have 16, and
// its developer guide promises no length.
const maxConnectionID = 256

// Pattern is a regular expression that a reply matches. One group of it may hold the id
// that the gateway has for the connection.
type Pattern struct {
	expression *regexp.Regexp
	idGroup    int // -1: none
}

// NewPattern returns a pattern from an RE2 expression. The only name that a group may have
// is connectionId.
func NewPattern(expression string) (*Pattern, error) {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, err
	}
	p := &Pattern{expression: compiled, idGroup: -1}
	for i, name := range compiled.SubexpNames() {
		switch {
		case name == "":
		case name != connectionIDGroup:
			return nil, fmt.Errorf("has a group named %q; the only name with a meaning is %s", name, connectionIDGroup)
		case p.idGroup >= 0:
			return nil, fmt.Errorf("has two groups named %s", name)
		default:
			p.idGroup = i
		}
	}
	return p, nil
}

// match reports whether the frame matches, and returns the connection's id, empty if it
// isn't in the frame. What is too long to be an id makes the frame another one than is
// waited for.
func (p *Pattern) match(frame []byte) (connectionID string, ok bool) {
	if p.idGroup < 0 {
		return "", p.expression.Match(frame)
	}
	match := p.expression.FindSubmatchIndex(frame)
	if match == nil {
		return "", false
	}
	begin, end := match[2*p.idGroup], match[2*p.idGroup+1]
	if begin < 0 {
		return "", true
	}
	return string(frame[begin:end]), end-begin <= maxConnectionID
}
