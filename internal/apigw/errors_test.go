package apigw

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

func TestParseError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, frame string
		want        *dialect.Error
	}{
		{"as AWS spaces it", forbidden, &dialect.Error{Name: Forbidden, Message: "Forbidden"}},
		{
			"compact", `{"message":"Internal server error","connectionId":"a=","requestId":"b="}`,
			&dialect.Error{Name: InternalServerError, Message: "Internal server error"},
		},
		{
			"another order", " {\n\"requestId\":\"b=\",\"connectionId\" : \"a=\", \"message\" : \"Endpoint request timed out\"}\r\n",
			&dialect.Error{Name: EndpointTimeout, Message: "Endpoint request timed out"},
		},
		{
			"messageId", `{"message" : "Bad request body", "connectionId": "a=", "messageId": "b="}`,
			&dialect.Error{Name: BadRequestBody, Message: "Bad request body"},
		},
		{
			"throttled", `{"message": "Too Many Requests", "connectionId":"a=", "requestId":"b="}`,
			&dialect.Error{Name: Throttled, Message: "Too Many Requests"},
		},
		{
			"over the quota", `{"message": "Limit exceeded", "connectionId":"a=", "requestId":"b="}`,
			&dialect.Error{Name: Throttled, Message: "Limit exceeded"},
		},
		{
			"an unknown text, escaped", `{"message": "No \"route\" \u003e", "connectionId":"a=", "requestId":"b="}`,
			&dialect.Error{Name: Other, Message: `No "route" >`},
		},
		{
			"an empty text and a member more", `{"message": "", "connectionId":"a=", "requestId":"b=", "x":{}}`,
			&dialect.Error{Name: Other},
		},

		{"no message", `{"connectionId":"a=","requestId":"b="}`, nil},
		{"no connectionId", `{"message":"Forbidden","requestId":"b="}`, nil},
		{"no requestId", `{"message":"Forbidden","connectionId":"a="}`, nil},
		{"message is no string", `{"message":null,"connectionId":"a=","requestId":"b="}`, nil},
		{"connectionId is no string", `{"message":"Forbidden","connectionId":1,"requestId":"b="}`, nil},
		{"requestId is no string", `{"message":"Forbidden","connectionId":"a=","requestId":{}}`, nil},
		{"one level down", `{"error":` + forbidden + `}`, nil},
		{"quoted by an application", `{"text":"{\"message\":\"Forbidden\",\"connectionId\":\"a=\",\"requestId\":\"b=\"}"}`, nil},
		{"a list", `[` + forbidden + `]`, nil},
		{"after a nickname", `Ann: ` + forbidden, nil},
		{"cut short", forbidden[:len(forbidden)-1], nil},
		{"more after it", forbidden + "x", nil},
		{"not JSON inside", `{"message":"\x","connectionId":"a=","requestId":"b="}`, nil},
		{"a brace", `{`, nil},
		{"nothing", ``, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, parseError([]byte(test.frame)))
		})
	}
}

func TestErrorNames(t *testing.T) {
	t.Parallel()
	names := ErrorNames()
	names[0] = "changed"
	assert.Equal(t,
		[]string{
			"Forbidden", "InternalServerError", "EndpointTimeout", "BadRequestBody", "Throttled", "Other",
			"Gone", "PayloadTooLarge", "LimitExceeded", "BadRequest",
		},
		ErrorNames())
}
