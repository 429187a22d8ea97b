package appsync

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

func TestResponseError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       *dialect.Error
	}{
		{"data", `{"data":{"createRoom":{"id":"1"}}}`, nil},
		{"data of nothing", `{"data":null}`, nil},
		{"no errors, said so", `{"data":{},"errors":[]}`, nil},
		{"no errors, said otherwise", `{"errors":null,"data":{}}`, nil},
		{
			"the data of a resolver that failed, which may succeed", `{"data":null,"errors":[{"path":["a"],"errorType":"BadRequestException","message":"m"}]}`,
			&dialect.Error{Name: realtime.BadRequest, Message: "m"},
		},
		{
			"a resolver's own", `{"errors":[{"path":["a",0],"message":"m"}]}`,
			&dialect.Error{Name: Validation, Message: "m"},
		},
		{
			"a request that is refused", `{"errors":[{"path":null,"errorType":"BadRequestException","message":"m"}]}`,
			&dialect.Error{Name: realtime.BadRequest, Message: "m", Final: true},
		},
		{
			"no such operation", `{"errors":[{"errorType":"UnsupportedOperation","message":"m"}]}`,
			&dialect.Error{Name: realtime.UnsupportedOperation, Message: "m", Final: true},
		},
		{
			"a rate, which falls", `{"errors":[{"errorType":"LimitExceededException","message":"m"}]}`,
			&dialect.Error{Name: realtime.LimitExceeded, Message: "m"},
		},
		{
			"one of the gateway's own", `{"errors":[{"errorType":"Lambda:Unhandled","message":"m","errorCode":7}]}`,
			&dialect.Error{Name: realtime.Other, Code: 7, Message: "Lambda:Unhandled: m"},
		},
		{
			"one of the gateway's own without a message", `{"errors":[{"errorType":"Lambda:Unhandled"}]}`,
			&dialect.Error{Name: realtime.Other, Message: "Lambda:Unhandled"},
		},
		{
			"a single error", `{"errors":{"errorType":"UnauthorizedException","path":["a"]}}`,
			&dialect.Error{Name: realtime.Unauthorized, Final: true},
		},
		{
			"the first of several", `{"errors":[{"errorType":"LimitExceeded"},{"errorType":"Unauthorized"}]}`,
			&dialect.Error{Name: realtime.LimitExceeded},
		},
		{
			"a resolver's", `{"data":{"createRoom":null},"errors":[{"path":["createRoom"],"errorType":"Unauthorized","message":"Not Authorized"}]}`,
			&dialect.Error{Name: realtime.Unauthorized, Message: "Not Authorized", Final: true},
		},
		{
			"an invalid document's", `{"data":null,"errors":[{"path":null,"message":"Validation error of type UnknownType"}]}`,
			&dialect.Error{Name: Validation, Message: "Validation error of type UnknownType", Final: true},
		},
		{
			"a bad key's", `{"errors":[{"errorType":"UnauthorizedException","message":"m"}]}`,
			&dialect.Error{Name: realtime.Unauthorized, Message: "m", Final: true},
		},
		{
			"a bad signature's", `{"errors":[{"errorType":"com.amazon.coral.service#InvalidSignatureException","message":"m"}]}`,
			&dialect.Error{Name: realtime.InvalidSignature, Message: "m", Final: true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err, isGraphQL := ResponseError([]byte(test.body))
			assert.Equal(t, test.want, err)
			assert.True(t, isGraphQL)
		})
	}
}

// What another server answers, or a proxy, says what it is in its own words.
func TestResponsesThatAreNotGraphQL(t *testing.T) {
	t.Parallel()
	const neither = "what came has neither data nor errors"
	long := strings.Repeat("ä", 200)
	for body, want := range map[string]string{
		`{"message":"Forbidden"}`:              "Forbidden",
		`{"Message":"User is not authorized"}`: "User is not authorized",
		`{"error":"not found","status":404}`:   "not found",
		`{"error":"b","message":"a"}`:          "a",
		`{"message":"","error":"b"}`:           "b",
		`{"message":{"data":1}}`:               neither,
		`{"message":7}`:                        neither,
		`{}`:                                   neither,
		`[]`:                                   neither,
		`["message"]`:                          neither,
		`"text"`:                               neither,
		`null`:                                 neither,
		`{"errors":[]}`:                        neither,
		`<html>`:                               "what came is not JSON: <html>",
		"not found\n":                          "what came is not JSON: not found",
		``:                                     "what came is not JSON: ",
		`{"data":{}`:                           `what came is not JSON: {"data":{}`,
		long:                                   "what came is not JSON: " + strings.Repeat("ä", 150) + "…",
		"x" + long:                             "what came is not JSON: x" + strings.Repeat("ä", 149) + "…", // none is cut in two
		`{"message":"` + strings.Repeat("x", 301) + `"}`:                       strings.Repeat("x", 300) + "…",
		`{"message":"` + strings.Repeat("x", 300) + `"}`:                       strings.Repeat("x", 300),
		`{"data":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`: "JSON nested more than 100 deep",
		strings.Repeat("[", 10_000_000):                                        "JSON nested more than 100 deep",
	} {
		err, isGraphQL := ResponseError([]byte(body))
		assert.Equal(t, &dialect.Error{Name: realtime.Other, Message: want}, err, "%.80s", body)
		assert.False(t, isGraphQL, "%.80s", body)
	}
	err, isGraphQL := ResponseError([]byte(`{"data":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`))
	assert.Nil(t, err, "a hundred deep is allowed")
	assert.True(t, isGraphQL)
}

// A gateway's own words are cut.
func TestLongMessages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 301)
	cut := strings.Repeat("x", 300) + "…"
	err, _ := ResponseError([]byte(`{"errors":[{"errorType":"` + long + `","message":"` + long + `"}]}`))
	assert.Equal(t, &dialect.Error{Name: realtime.Other, Message: cut + ": " + cut}, err)
	err, _ = ResponseError([]byte(`{"errors":[{"errorType":"Unauthorized","message":"` + long + `"}]}`))
	assert.Equal(t, &dialect.Error{Name: realtime.Unauthorized, Message: cut, Final: true}, err)
}

func TestErrorNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{
		"Unauthorized", "BadRequest", "AccessDenied", "InvalidSignature", "IncompleteSignature", "UnrecognizedClient", "ExpiredToken",
		"UnsupportedOperation", "DuplicatedOperation", "MaxSubscriptionsReached", "LimitExceeded", "TooManyRequests",
		"NoProtocol", "SubProtocolNotSupported", "HttpNotFound", "Validation", "Other",
	}, ErrorNames())
}

func FuzzResponseError(f *testing.F) {
	f.Add([]byte(`{"data":{},"errors":[{"message":"m"}]}`))
	f.Add([]byte(`{"errors":[{"errorType":"Lambda:Unhandled","message":"m","path":["a"]}]}`))
	f.Add([]byte(`{"errors":{"errorCode":401}}`))
	f.Add([]byte(`{"message":"Forbidden"}`))
	f.Add([]byte(`<html>` + strings.Repeat("ä", 200)))
	f.Add([]byte(strings.Repeat(`{"a":[`, 60)))
	f.Fuzz(func(t *testing.T, body []byte) {
		err, isGraphQL := ResponseError(body)
		if err == nil {
			require.True(t, isGraphQL)
			return
		}
		require.Contains(t, ErrorNames(), err.Name)
		require.LessOrEqual(t, len(err.Message), 2*(300+len("…"))+len(": "))
		require.False(t, err.Final && !isGraphQL)
	})
}
