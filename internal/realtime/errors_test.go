package realtime

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

func TestFrameError(t *testing.T) {
	t.Parallel()
	const validation = "Validation"
	names := CommonNames(validation)
	tests := []struct {
		name, frame string
		want        dialect.Error
	}{
		{
			"a list", `{"payload":{"errors":[{"errorType":"UnauthorizedException","message":"no","errorCode":401},{"message":"b"}]}}`,
			dialect.Error{Name: Unauthorized, Code: 401, Message: "no"},
		},
		{
			"an object", `{"payload":{"errors":{"errorType":"MaxSubscriptionsReachedError","message":"Max number of 100 subscriptions reached"}}}`,
			dialect.Error{Name: MaxSubscriptionsReached, Message: "Max number of 100 subscriptions reached"},
		},
		{"at the top", `{"errors":[{"errorType":"LimitExceededError"}]}`, dialect.Error{Name: LimitExceeded}},
		{"the payload itself", `{"payload":{"message":"m"}}`, dialect.Error{Name: validation, Message: "m"}},
		{
			"a namespace with #", `{"payload":{"errors":[{"errorType":"com.amazon.coral.service.http#HttpNotFoundException","errorCode":400}]}}`,
			dialect.Error{Name: HTTPNotFound, Code: 400},
		},
		{
			"an older namespace", `{"payload":{"errors":[{"errorType":"com.amazonaws.deepdish.graphql.auth#UnauthorizedException"}]}}`,
			dialect.Error{Name: Unauthorized},
		},
		{"a namespace with dots", `{"payload":{"errors":[{"errorType":"com.example.BadRequestException"}]}}`, dialect.Error{Name: BadRequest}},
		{"no ending", `{"payload":{"errors":[{"errorType":"UnsupportedOperation"}]}}`, dialect.Error{Name: UnsupportedOperation}},
		{"DuplicatedOperation", `{"payload":{"errors":[{"errorType":"DuplicatedOperationError"}]}}`, dialect.Error{Name: DuplicatedOperation}},
		{"unknown", `{"payload":{"errors":[{"errorType":"Lambda:ExecutionTimeoutException","message":"m"}]}}`, dialect.Error{Name: Other, Message: "Lambda:ExecutionTimeoutException: m"}},
		{"the longer word isn't the known one", `{"payload":{"errors":[{"errorType":"NotBadRequest"}]}}`, dialect.Error{Name: Other, Message: "NotBadRequest"}},
		{
			"the message is the name", `{"payload":{"errors":[{"message":"NoProtocolError","errorCode":400}]}}`,
			dialect.Error{Name: NoProtocol, Code: 400, Message: "NoProtocolError"},
		},
		{
			"the message is the other name", `{"payload":{"errors":[{"message":"SubProtocolNotSupportedError","errorCode":400}]}}`,
			dialect.Error{Name: SubProtocolNotSupported, Code: 400, Message: "SubProtocolNotSupportedError"},
		},
		{
			"only a code", `{"payload":{"errors":[{"message":"Required headers are missing.","errorCode":400}]}}`,
			dialect.Error{Name: BadRequest, Code: 400, Message: "Required headers are missing."},
		},
		{"another code", `{"payload":{"errors":[{"errorCode":403}]}}`, dialect.Error{Name: Unauthorized, Code: 403}},
		{
			"a code that says nothing, with a text", `{"payload":{"errors":[{"errorCode":500,"message":"m"}]}}`,
			dialect.Error{Name: Other, Code: 500, Message: "m"},
		},
		{"a code that says nothing", `{"payload":{"errors":[{"errorCode":500}]}}`, dialect.Error{Name: Other, Code: 500}},
		{
			"GraphQL's own", `{"payload":{"errors":[{"message":"Validation error of type FieldUndefined","locations":[]}]}}`,
			dialect.Error{Name: validation, Message: "Validation error of type FieldUndefined"},
		},
		{"an empty list", `{"payload":{"errors":[]}}`, dialect.Error{Name: Other}},
		{"null", `{"payload":{"errors":null}}`, dialect.Error{Name: Other}},
		{"a list of nothing", `{"payload":{"errors":[null]}}`, dialect.Error{Name: Other}},
		{"no errors", `{"payload":{}}`, dialect.Error{Name: Other}},
		{"no payload", `{}`, dialect.Error{Name: Other}},
		{"another type of everything", `{"payload":{"errors":[{"errorType":[1],"message":{},"errorCode":"x"}]}}`, dialect.Error{Name: Other, Message: "[1]: {}"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, *names.FrameError([]byte(test.frame), validation))
		})
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	names := CommonNames("Own")
	assert.Contains(t, names, "Own")
	for _, name := range names {
		assert.Equal(t, name, names.Known("any.name#"+name+"Exception"))
		assert.Equal(t, name, names.Known(name+"Error"))
	}
	assert.Equal(t, Other, CommonNames().Known("OwnError"))
}
