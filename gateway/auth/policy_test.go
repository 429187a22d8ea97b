package auth

import (
	"net/http"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		given, host string
		same        bool
	}{
		{"a.b", "a.b", true},
		{"A.b", "a.B", true},
		{"a.b:80", "a.b:80", true},
		{"a.b", "a.b:80", true},
		{"A.b", "a.B:80", true},
		{"a.b:80", "a.b", false},
		{"a.b:80", "a.b:81", false},
		{"a.c", "a.b:80", false},
		{"", "a.b", false},
		{"::1", "[::1]:80", true},
	} {
		require.Equal(t, row.same, sameHost(row.given, row.host), "%v", row)
	}
}

// What is wrong with a signature is said in AWS's words, which differ between HTTP and the
// real-time endpoint.
func TestSignaturesThatAreWrong(t *testing.T) {
	t.Parallel()
	policy := Policy{Keys: sigv4.Keys{AccessKeyID: "A", SecretAccessKey: "s", Region: "r"}}
	signed := func(id string) map[string]string {
		return map[string]string{
			"host": "h", "x-amz-date": time.Now().UTC().Format("20060102T150405Z"),
			"authorization": "AWS4-HMAC-SHA256 Credential=" + id + "/" + time.Now().UTC().Format("20060102") +
				"/r/appsync/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
		}
	}
	for id, want := range map[string][2]string{
		"A": {"InvalidSignatureException", "BadRequestException"},
		"B": {"UnrecognizedClientException", "UnauthorizedException"},
	} {
		wrong := policy.authorize(ofFields(signed(id)), "h", "/graphql", nil)
		require.NotNil(t, wrong)
		require.Equal(t, want[0], wrong.Type)
		require.Equal(t, http.StatusForbidden, wrong.Code)
		require.Equal(t, want[1], wrong.inRealTime().Type)
		require.NotEqual(t, http.StatusForbidden, wrong.inRealTime().Code)
	}
	require.Nil(t, (*Problem)(nil).inRealTime())
}

func TestTokens(t *testing.T) {
	t.Parallel()
	policy := Policy{APIKey: "k", Token: "t"}
	for given, good := range map[credentialsInShort]bool{
		{"k", ""}: true, {"k", "other"}: true, {"", "t"}: true,
		{"", "other"}: false, {"other", "t"}: false, {"", ""}: false,
	} {
		require.Equal(t, good, policy.checkSecret(credentials{key: given.key, token: given.token}) == nil, "%v", given)
	}
	require.NotNil(t, Policy{}.checkSecret(credentials{}))
}

type credentialsInShort struct{ key, token string }
