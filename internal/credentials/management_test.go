package credentials

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The signature covers the path of the request escaped once more.
func TestManageSignsTheEscapedPath(t *testing.T) {
	t.Parallel()
	for wire, canonical := range map[string]string{
		"/api/@connections/X%3D":   "/api/%40connections/X%253D",
		"/api/%40connections/X%3D": "/api/%2540connections/X%253D",
		"/api/@connections/X=":     "/api/%40connections/X%3D",
	} {
		a := &APIGateway{Credentials: exampleIAM(ServiceAPIGateway, "")}
		header := http.Header{"X-Own": {"mine"}}
		request := Request{Method: http.MethodPost, URL: parseURL(t, "https://a1b2.execute-api.us-west-2.amazonaws.com"+wire), Body: []byte("hello")}
		require.NoError(t, a.Manage(t.Context(), request, header))
		assert.Equal(t, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-west-2/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature="+
			signatureOf(http.MethodPost, canonical, "hello"), header.Get("Authorization"), wire)
		assert.Equal(t, "20260102T030405Z", header.Get("X-Amz-Date"))
		assert.Equal(t, "mine", header.Get("X-Own"))
		assert.NotContains(t, header, "Host")
	}
}

// signatureOf is the signature of a request by the example's keys, as "Create a signed AWS API
// request" in the IAM user guide has it.
func signatureOf(method, canonicalURI, body string) string {
	const scope = "20260102/us-west-2/execute-api/aws4_request"
	canonical := strings.Join([]string{
		method, canonicalURI, "",
		"host:a1b2.execute-api.us-west-2.amazonaws.com", "x-amz-date:20260102T030405Z", "",
		"host;x-amz-date", hexHash(body),
	}, "\n")
	key := []byte("AWS4" + exampleSecret)
	for _, part := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n20260102T030405Z\n"+scope+"\n"+hexHash(canonical)) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func hexHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// What lets connections in, but doesn't sign, isn't for the management API.
func TestManageShowsNothingElse(t *testing.T) {
	t.Parallel()
	for _, a := range []*APIGateway{nil, {}, {Credentials: APIKey("key")}, {Credentials: Token("jwt")}, {Credentials: Token("jwt"), InQuery: true}} {
		header := http.Header{}
		require.NoError(t, a.Manage(t.Context(), Request{Method: http.MethodGet, URL: parseURL(t, "https://a/b")}, header))
		assert.Empty(t, header)
	}
}

func TestManageWithoutKeys(t *testing.T) {
	t.Parallel()
	none := errors.New("no role")
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, none })
	a := &APIGateway{Credentials: NewIAM(keys, ServiceAPIGateway, "us-west-2")}
	header := http.Header{}
	require.ErrorIs(t, a.Manage(t.Context(), Request{Method: http.MethodGet, URL: parseURL(t, "https://a/b")}, header), none)
	assert.Empty(t, header)
}
