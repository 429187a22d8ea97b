package apigw

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mustPattern(t *testing.T, expression string) *Pattern {
	t.Helper()
	p, err := NewPattern(expression)
	require.NoError(t, err)
	return p
}

func TestPattern(t *testing.T) {
	t.Parallel()
	const (
		quoted = `"connectionId":"(?<connectionId>[^"]*)"`
		maybe  = `^hello(?: (?P<connectionId>\S+))?`
	)
	for name, c := range map[string]struct {
		expression, frame string
		id                string
		ok                bool
	}{
		"anywhere":              {`joined \w+`, `{"text":"joined R"}`, "", true},
		"not there":             {`joined \w+`, `joined `, "", false},
		"an id":                 {quoted, `{"connectionId":"L0SM9cOFvHcCIhw="}`, "L0SM9cOFvHcCIhw=", true},
		"the first of two":      {quoted, `"connectionId":"a=","connectionId":"b="`, "a=", true},
		"no id":                 {quoted, `{"connectionID":"a="}`, "", false},
		"an empty id":           {quoted, `"connectionId":""`, "", true},
		"an id that may be":     {maybe, `hello a=`, "a=", true},
		"one that is not":       {maybe, `hello`, "", true},
		"the longest id":        {maybe, `hello ` + strings.Repeat("x", 256), strings.Repeat("x", 256), true},
		"groups without a name": {`(a)(?:b)(?<connectionId>c)(d)`, `abcd`, "c", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, ok := mustPattern(t, c.expression).match([]byte(c.frame))
			assert.Equal(t, c.ok, ok)
			assert.Equal(t, c.id, id)
		})
	}
	_, ok := mustPattern(t, maybe).match([]byte(`hello ` + strings.Repeat("x", 257)))
	assert.False(t, ok, "what is too long is no id")
}

func TestNewPattern(t *testing.T) {
	t.Parallel()
	for expression, message := range map[string]string{
		`(`:                                     "error parsing regexp: missing closing ): `(`",
		`(?=a)`:                                 "error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
		`(?<connectionID>.)`:                    `has a group named "connectionID"; the only name with a meaning is connectionId`,
		`(?<connectionId>.)(?<room>.)`:          `has a group named "room"; the only name with a meaning is connectionId`,
		`(?<connectionId>a)|(?<connectionId>b)`: `has two groups named connectionId`,
	} {
		_, err := NewPattern(expression)
		require.EqualError(t, err, message, expression)
	}
}
