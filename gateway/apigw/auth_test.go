package apigw

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// A signature that is good is in the tests of the extension, which makes them.
func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	const signed = "AWS4-HMAC-SHA256 Credential=A/20260102/r/execute-api/aws4_request, SignedHeaders=host, Signature=00"
	open, token, keys := Config{}, Config{Access: auth.Policy{Token: "t"}},
		Config{Access: auth.Policy{Keys: sigv4.Keys{AccessKeyID: "A", SecretAccessKey: "s", Region: "r"}}}
	key, both := Config{Access: auth.Policy{APIKey: "k"}}, Config{Access: auth.Policy{APIKey: "k", Token: "t"}}
	for name, row := range map[string]struct {
		config        Config
		query, header string // the header Authorization, or x-api-key where it is "key" and a key
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
		"key":                    {key, "", "key k", http.StatusOK},
		"wrong key":              {key, "", "key l", http.StatusForbidden},
		"no key":                 {key, "", "", http.StatusForbidden},
		"key or token: key":      {both, "", "key k", http.StatusOK},
		"key or token: token":    {both, "", "t", http.StatusOK},
		"key or token: neither":  {both, "", "", http.StatusUnauthorized},
		"key for token":          {token, "", "key k", http.StatusUnauthorized},
		"wrong signature, query": {keys, "?X-Amz-Signature=00", "", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, row.config)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dev"+row.query, nil)
			if key, isKey := strings.CutPrefix(row.header, "key "); isKey {
				r.Header.Set("X-Api-Key", key)
			} else if row.header != "" {
				r.Header.Set("Authorization", row.header)
			}
			status, why := f.gateway.authorize(r)
			require.Equal(t, row.want, status)
			require.Equal(t, status == http.StatusOK, why == "", why)
		})
	}
}

// Why a connection is refused is told once for each cause, without what was signed, and no more
// than so often.
func TestWhyConnectionsAreRefused(t *testing.T) {
	t.Parallel()
	var told []string
	f := newFixture(t, Config{
		Access:  auth.Policy{Token: "t", APIKey: "k", Keys: sigv4.Keys{AccessKeyID: "A", SecretAccessKey: "s", Region: "r"}},
		Refused: func(why string) { told = append(told, why) },
	})
	const signed = "AWS4-HMAC-SHA256 Credential=A/20260102/%s/execute-api/aws4_request, SignedHeaders=host, Signature=00"
	connect := func(name, value string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dev", nil)
		r.Header.Set("Connection", "upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set(name, value)
		f.gateway.ServeHTTP(httptest.NewRecorder(), r)
	}
	for range 2 {
		connect("X-Api-Key", "secret")
		connect("Authorization", "secret")
		connect("Accept", "*/*")
		connect("Authorization", fmt.Sprintf(signed, "r"))
		connect("Authorization", fmt.Sprintf(signed, "elsewhere"))
	}
	require.Equal(t, []string{
		"the x-api-key is another than that of --api-key",
		"the token in the header Authorization is refused: You are not authorized to make this call.",
		"there is no header Authorization, and no token in the query",
		"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
		"Credential should be scoped to a valid region, not 'elsewhere'.",
	}, told)
	for i := range 2 * maxCauses {
		connect("Authorization", fmt.Sprintf(signed, strings.Repeat("x", maxCause)+strconv.Itoa(i)))
	}
	require.Len(t, told, maxCauses)
	require.Len(t, told[maxCauses-1], maxCause)
}

func TestARefusedConnection(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Access: auth.Policy{Token: "t"}})
	_, status, body := f.upgrade()
	require.Equal(t, http.StatusUnauthorized, status)
	require.JSONEq(t, `{"message":"Unauthorized"}`, body)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
	require.Empty(t, f.integration.logged())
}

// The signer is the AWS SDK's; what is escaped in the path is escaped once more in what is
// signed.
func TestSignaturesOfManagers(t *testing.T) {
	t.Parallel()
	keys := sigv4.Keys{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "eu-central-1"}
	f := newFixture(t, Config{Access: auth.Policy{Keys: keys}})
	const path = "/dev/@connections/L0SM9cOFvHcCIhw%3D"
	for name, row := range map[string]struct {
		signs  bool
		change func(*http.Request)
		key    aws.Credentials
		region string
		at     time.Time
		status int
		kind   string
	}{
		"good": {signs: true, status: http.StatusGone, kind: "GoneException"},
		"@ escaped, too": {signs: true, change: func(r *http.Request) {
			r.URL.Path, r.URL.RawPath = "/dev/@connections/L0SM9cOFvHcCIhw=", "/dev/%40connections/L0SM9cOFvHcCIhw%3D"
		}, status: http.StatusForbidden, kind: "InvalidSignatureException"}, // it is another path
		"none":         {status: http.StatusForbidden, kind: "MissingAuthenticationTokenException"},
		"unknown key":  {signs: true, key: aws.Credentials{AccessKeyID: "other", SecretAccessKey: "secret"}, status: http.StatusForbidden, kind: "UnrecognizedClientException"},
		"wrong key":    {signs: true, key: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "wrong"}, status: http.StatusForbidden, kind: "InvalidSignatureException"},
		"wrong region": {signs: true, region: "us-east-1", status: http.StatusForbidden, kind: "InvalidSignatureException"},
		"expired":      {signs: true, at: time.Now().Add(-time.Hour), status: http.StatusForbidden, kind: "InvalidSignatureException"},
		"other body": {signs: true, change: func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("other"))
		}, status: http.StatusForbidden, kind: "InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("data"))
			r.Header.Set("Content-Length", "4") // as a server has it
			if row.signs {
				key := row.key
				if key.AccessKeyID == "" {
					key = aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey}
				}
				digest := sha256.Sum256([]byte("data"))
				err := v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(digest[:]), "execute-api",
					cmp.Or(row.region, keys.Region), cmp.Or(row.at, time.Now()))
				require.NoError(t, err)
			}
			if row.change != nil {
				row.change(r)
			}
			w := httptest.NewRecorder()
			f.gateway.ServeHTTP(w, r)
			require.Equal(t, row.status, w.Code, w.Body)
			require.Equal(t, row.kind, w.Header().Get("x-amzn-ErrorType"))
			require.Len(t, w.Header().Get("x-amzn-RequestId"), 16)
			if row.status == http.StatusForbidden {
				require.NotEmpty(t, gjson.Get(w.Body.String(), "message").Str)
			}
		})
	}
}
