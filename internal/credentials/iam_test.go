package credentials

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// The keys are those of AWS's own examples; the signatures below are by AWS's JavaScript
// signer.
const (
	exampleID     = "AKIDEXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	exampleScope  = "AKIDEXAMPLE/20260102/us-west-2/appsync/aws4_request"
	operation     = `{"query":"subscription S($c:ID!){onMsg(ch:$c){id ch}}","variables":{"c":"a"}}`
)

var exampleTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func exampleIAM(service, session string) *IAM {
	iam := NewIAM(credentials.NewStaticCredentialsProvider(exampleID, exampleSecret, session), service, "us-west-2")
	iam.now = func() time.Time { return exampleTime }
	return iam
}

func appSyncWithIAM(t *testing.T, session string) *AppSync {
	t.Helper()
	return &AppSync{
		Credentials: exampleIAM(ServiceAppSync, session), URL: parseURL(t, "https://"+goldenHost+"/graphql"),
		ConnectPath: "connect", Host: goldenHost, Subprotocol: "graphql-ws",
	}
}

// signedObject is the authorization object with this signature.
func signedObject(signature string) string {
	return `{"accept":"application/json, text/javascript","content-encoding":"amz-1.0",` +
		`"content-type":"application/json; charset=UTF-8","host":"` + goldenHost + `","x-amz-date":"20260102T030405Z",` +
		`"Authorization":"AWS4-HMAC-SHA256 Credential=` + exampleScope +
		`, SignedHeaders=accept;content-encoding;content-type;host;x-amz-date, Signature=` + signature + `"}`
}

func TestIAMOnAppSync(t *testing.T) {
	t.Parallel()
	a := appSyncWithIAM(t, "")
	upgrade := connect(t, a, "wss://realtime/graphql")
	assert.Equal(t, signedObject("57717c2fbaa0507a63125f25b2e4414d9b6a2a16126598e25459a26a4903be0d"), offered(t, upgrade))

	object, err := a.Frame(t.Context(), operation)
	require.NoError(t, err)
	assert.Equal(t, signedObject("f147b026dbc4813aae017565c8148e0fd5c2e99101009817e79d388dc84480d3"), string(object))
	assert.False(t, a.Constant())
}

// The signature is for the host by which the API knows itself, also where the request
// goes to another.
func TestIAMBehindAProxy(t *testing.T) {
	t.Parallel()
	a := appSyncWithIAM(t, "")
	a.URL = parseURL(t, "https://proxy/graphql")
	object, err := a.Frame(t.Context(), operation)
	require.NoError(t, err)
	assert.Equal(t, signedObject("f147b026dbc4813aae017565c8148e0fd5c2e99101009817e79d388dc84480d3"), string(object))
	header := http.Header{"Content-Type": {"application/json"}}
	require.NoError(t, a.Request(t.Context(), header, []byte(operation)))
	r := &http.Request{Method: http.MethodPost, Host: goldenHost, URL: parseURL(t, "/graphql"), Header: header}
	require.NoError(t, exampleKeys.Verify("appsync", sigv4.FromHTTP(r, []byte(operation)), exampleTime))
}

func TestIAMWithASession(t *testing.T) {
	t.Parallel()
	object, err := appSyncWithIAM(t, "session").Frame(t.Context(), operation)
	require.NoError(t, err)
	assert.Contains(t, string(object), "SignedHeaders=accept;content-encoding;content-type;host;x-amz-date;x-amz-security-token, ")
	assert.True(t, strings.HasSuffix(string(object), `","X-Amz-Security-Token":"session"}`))
}

var exampleKeys = sigv4.Keys{AccessKeyID: exampleID, SecretAccessKey: exampleSecret, Region: "us-west-2"}

// A request over HTTP is signed with what it is sent with.
func TestIAMOverHTTP(t *testing.T) {
	t.Parallel()
	for _, session := range []string{"", "session"} {
		header := http.Header{"User-Agent": {"k6"}, "Content-Type": {"application/json"}}
		require.NoError(t, appSyncWithIAM(t, session).Request(t.Context(), header, []byte(operation)))
		assert.NotContains(t, header, "Host")
		assert.Contains(t, header.Get("Authorization"), "SignedHeaders=content-type;host;x-amz-date")
		assert.Equal(t, "application/json", header.Get("Content-Type"))
		assert.Empty(t, header.Get("Content-Encoding"))
		assert.Equal(t, session, header.Get("X-Amz-Security-Token"))
		r := &http.Request{Method: http.MethodPost, Host: goldenHost, URL: parseURL(t, "/graphql"), Header: header}
		require.NoError(t, exampleKeys.Verify("appsync", sigv4.FromHTTP(r, []byte(operation)), exampleTime))
		require.Error(t, exampleKeys.Verify("appsync", sigv4.FromHTTP(r, []byte("{}")), exampleTime))
		require.ErrorContains(t, exampleKeys.Verify("appsync", sigv4.FromHTTP(r, []byte(operation)), exampleTime.Add(6*time.Minute)), "Signature expired")
	}
}

func TestIAMWithoutKeys(t *testing.T) {
	t.Parallel()
	none := errors.New("no role")
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, none })
	iam := NewIAM(keys, ServiceAPIGateway, "r")
	request := Request{Method: http.MethodGet, URL: parseURL(t, "https://h/dev")}
	_, err := iam.Authorize(t.Context(), request)
	require.ErrorIs(t, err, none)
	_, err = iam.AuthorizeQuery(t.Context(), request, "")
	require.ErrorIs(t, err, none)
}

func TestRegionOf(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		goldenHost: "us-west-2",
		"abc.execute-api.eu-west-1.amazonaws.com":          "eu-west-1",
		"ABC.EXECUTE-API.eu-west-1.AMAZONAWS.COM":          "eu-west-1",
		"abc.execute-api.cn-north-1.amazonaws.com.cn":      "cn-north-1",
		"abc.appsync-api.us-east-1.amazonaws.com:443":      "us-east-1",
		"abc.appsync-api.us-east-1.example.com":            "",
		"abc.s3.us-east-1.amazonaws.com":                   "",
		"api.example.com":                                  "",
		"127.0.0.1:8090":                                   "",
		"":                                                 "",
		"abc.execute-api.amazonaws.com":                    "",
		"proxy.abc.execute-api.eu-west-1.amazonaws.com":    "",
		"abc.appsync-realtime-api.us-east-1.amazonaws.com": "",
	} {
		assert.Equal(t, want, RegionOf(host), host)
	}
}
