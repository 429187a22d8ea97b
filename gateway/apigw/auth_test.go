package apigw

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// A signature that is good is in the tests of the extension, which makes them.
func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	const signed = "AWS4-HMAC-SHA256 Credential=A/20260102/r/execute-api/aws4_request, SignedHeaders=host, Signature=00"
	open, token, keys := Config{}, Config{Access: auth.Policy{Token: "t"}},
		Config{Access: auth.Policy{Keys: sigv4.Keys{AccessKeyID: "A", SecretAccessKey: "s", Region: "r"}}}
	for name, row := range map[string]struct {
		config        Config
		query, header string
		want          int
	}{
		"everybody":              {open, "", "", http.StatusOK},
		"with whatever":          {open, "?token=x", signed, http.StatusOK},
		"token":                  {token, "", "t", http.StatusOK},
		"token in query":         {token, "?token=t", "", http.StatusOK},
		"no token":               {token, "", "", http.StatusUnauthorized},
		"wrong token":            {token, "", "u", http.StatusForbidden},
		"wrong token in query":   {token, "?token=u", "", http.StatusForbidden},
		"empty token":            {token, "?token=", "", http.StatusForbidden},
		"signature for token":    {token, "", signed, http.StatusForbidden},
		"presigned for token":    {token, "?X-Amz-Signature=00", "", http.StatusForbidden},
		"no signature":           {keys, "", "", http.StatusForbidden},
		"token for signature":    {keys, "?token=t", "t", http.StatusForbidden},
		"wrong signature":        {keys, "", signed, http.StatusForbidden},
		"wrong signature, query": {keys, "?X-Amz-Signature=00", "", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, row.config)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dev"+row.query, nil)
			if row.header != "" {
				r.Header.Set("Authorization", row.header)
			}
			require.Equal(t, row.want, f.gateway.authorize(r))
		})
	}
}

func TestARefusedConnection(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Access: auth.Policy{Token: "t"}})
	_, status, body := f.upgrade()
	require.Equal(t, http.StatusUnauthorized, status)
	require.JSONEq(t, `{"message":"Unauthorized"}`, body)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
	require.Empty(t, f.integration.log)
}
