package redact

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"You are not authorized to make this call.": "You are not authorized to make this call.",
		"": "",
		"should have been\n'POST\n/graphql\n\nhost:h\nx-amz-security-token:se/cr+et==\n\nhost":                                     "should have been\n'POST\n/graphql\n\nhost:h\nx-amz-security-token:…\n\nhost",
		`{"message":"should have been\n'GET\n/dev\nX-Amz-Date=1&X-Amz-Security-Token=se%2Fcret&X-Amz-SignedHeaders=host\nhost:h"}`: `{"message":"should have been\n'GET\n/dev\nX-Amz-Date=1&X-Amz-Security-Token=…&X-Amz-SignedHeaders=host\nhost:h"}`,
		`{"message":"x-amz-security-token:secret\nhost"}`:                                                                          `{"message":"x-amz-security-token:…\nhost"}`,
		`{"message":"Authorization header requires 'Credential' parameter. Authorization=Bearer secret"}`:                          `{"message":"Authorization header requires 'Credential' parameter. Authorization=…"}`,
		`'secret' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer secret'.`:                       `'…' not a valid key=value pair (missing equal-sign) in Authorization header: '…'.`,
		"Valid authorization header not provided.":                                                                                 "Valid authorization header not provided.",
		"Missing authorization header": "Missing authorization header",
	} {
		assert.Equal(t, want, Message(text))
	}
}
