package sigv4

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The keys are those of AWS's own examples.
var (
	keys = Keys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-west-2"}
	made = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

const authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-west-2/appsync/aws4_request, " +
	"SignedHeaders=accept;content-encoding;content-type;host;x-amz-date, " +
	"Signature=57717c2fbaa0507a63125f25b2e4414d9b6a2a16126598e25459a26a4903be0d"

// connecting is the request whose signature is in authorization, by AWS's JavaScript signer.
func connecting() Request {
	return Request{
		Method: http.MethodPost, Path: "/graphql/connect", Body: []byte("{}"),
		Header: map[string]string{
			"accept": "application/json, text/javascript", "content-encoding": "amz-1.0",
			"content-type": "application/json; charset=UTF-8",
			"host":         "abcdefghijklmnopqrstuvwxyz.appsync-api.us-west-2.amazonaws.com",
			"x-amz-date":   "20260102T030405Z", "authorization": authorization,
		},
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	replaced := func(old, by string) func(*Request, *Keys) {
		return func(r *Request, _ *Keys) {
			r.Header["authorization"] = strings.ReplaceAll(authorization, old, by)
		}
	}
	for name, row := range map[string]struct {
		change func(*Request, *Keys)
		now    time.Time
		want   string // how the error begins; empty for none
	}{
		"good":            {func(*Request, *Keys) {}, made, ""},
		"five minutes":    {func(*Request, *Keys) {}, made.Add(5 * time.Minute), ""},
		"in five minutes": {func(*Request, *Keys) {}, made.Add(-5 * time.Minute), ""},
		"expired":         {func(*Request, *Keys) {}, made.Add(5*time.Minute + time.Second), "InvalidSignatureException: Signature expired: 20260102T030405Z"},
		"not yet":         {func(*Request, *Keys) {}, made.Add(-5*time.Minute - time.Second), "InvalidSignatureException: Signature not yet current: 20260102T030405Z"},
		"body":            {func(r *Request, _ *Keys) { r.Body = []byte("{ }") }, made, "InvalidSignatureException: The request signature we calculated"},
		"path":            {func(r *Request, _ *Keys) { r.Path = "/graphql" }, made, "InvalidSignatureException: The request signature we calculated"},
		"method":          {func(r *Request, _ *Keys) { r.Method = http.MethodGet }, made, "InvalidSignatureException: The request signature we calculated"},
		"query":           {func(r *Request, _ *Keys) { r.Query = "a=b" }, made, "InvalidSignatureException: The request signature we calculated"},
		"header":          {func(r *Request, _ *Keys) { r.Header["accept"] = "*/*" }, made, "InvalidSignatureException: The request signature we calculated"},
		"no header":       {func(r *Request, _ *Keys) { delete(r.Header, "accept") }, made, "InvalidSignatureException: The signed header 'accept'"},
		"spaces":          {func(r *Request, _ *Keys) { r.Header["accept"] = " application/json,  text/javascript " }, made, ""},
		"another header":  {func(r *Request, _ *Keys) { r.Header["user-agent"] = "x" }, made, ""},
		"secret":          {func(_ *Request, k *Keys) { k.SecretAccessKey = "other" }, made, "InvalidSignatureException: The request signature we calculated"},
		"unknown key":     {func(_ *Request, k *Keys) { k.AccessKeyID = "OTHER" }, made, "UnrecognizedClientException: "},
		"region":          {func(_ *Request, k *Keys) { k.Region = "eu-west-1" }, made, "InvalidSignatureException: Credential should be scoped to a valid region, not 'us-west-2'"},
		"service":         {replaced("/appsync/", "/execute-api/"), made, "InvalidSignatureException: Credential should be scoped to correct service: 'appsync'"},
		"day":             {replaced("20260102/", "20260103/"), made, "InvalidSignatureException: Date in Credential scope"},
		"date":            {func(r *Request, _ *Keys) { r.Header["x-amz-date"] = "20260102" }, made, "IncompleteSignatureException: Date must be"},
		"host":            {replaced("host;", ""), made, "InvalidSignatureException: 'Host'"},
		"credential":      {replaced("AKIDEXAMPLE/", ""), made, "IncompleteSignatureException: Credential must have 5 parts"},
		"terminator":      {replaced("aws4_request", "aws5"), made, "IncompleteSignatureException: Credential must have 5 parts"},
		"no signature":    {replaced("Signature=", "S="), made, "IncompleteSignatureException: Authorization header requires 'Signature'"},
		"a token":         {replaced(authorization, "token"), made, "IncompleteSignatureException: Authorization header requires the algorithm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, k := connecting(), keys
			row.change(&r, &k)
			err := k.Verify("appsync", r, row.now)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.True(t, strings.HasPrefix(err.Error(), row.want), "%v", err)
		})
	}
}

// Nobody can sign with keys that aren't there.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	r := connecting()
	r.Header["authorization"] = strings.ReplaceAll(authorization, "AKIDEXAMPLE", "")
	require.ErrorContains(t, Keys{Region: "us-west-2"}.Verify("appsync", r, made), "UnrecognizedClientException")
}

// What is escaped is escaped again in a path, and in one way in a query.
func TestCanonicalForms(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/a%2520b/~%2Bc", escape("/a%20b/~+c", "/"))
	require.Equal(t, "a=&a=1%2B2&b=%20%2F", canonicalQuery("b=%20/&a=1%2b2&a&&X-Amz-Signature=s", true))
	require.Equal(t, "X-Amz-Signature=s", canonicalQuery("X-Amz-Signature=s", false))
}

func TestFromHTTP(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://h:1/a%2Fb?c=d", nil)
	r.Header.Add("X-Two", "1")
	r.Header.Add("X-Two", "2")
	require.Equal(t, Request{
		Method: "GET", Path: "/a%2Fb", Query: "c=d", Body: []byte("b"),
		Header: map[string]string{"host": "h:1", "x-two": "1,2"},
	}, FromHTTP(r, []byte("b")))
}
