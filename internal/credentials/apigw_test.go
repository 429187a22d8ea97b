package credentials

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

const stageURL = "wss://abc.execute-api.us-west-2.amazonaws.com/dev"

// asReceived is the upgrade request that a connection makes, as the gateway has it.
func asReceived(u *url.URL, header http.Header) sigv4.Request {
	return sigv4.FromHTTP(&http.Request{Method: http.MethodGet, Host: u.Host, URL: u, Header: header}, nil)
}

func TestConnectionsToAPIGateway(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		credentials Credentials
		parameter   string // if they are in the query
		url         string
		header      http.Header
	}{
		"key":            {APIKey("k"), "", stageURL + "?a=b", http.Header{"X-Api-Key": {"k"}}},
		"token":          {Token("Bearer t"), "", stageURL + "?a=b", http.Header{"Authorization": {"Bearer t"}}},
		"token in query": {Token("t +&"), "token", stageURL + "?a=b&token=t+%2B%26", http.Header{}},
		"another name":   {Token("Bearer t"), "my auth", stageURL + "?a=b&my+auth=Bearer+t", http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &APIGateway{row.credentials, row.parameter != "", row.parameter}
			target, header := parseURL(t, stageURL+"?a=b"), http.Header{"User-Agent": {"k6"}}
			u, got, err := a.Connection(t.Context(), 0, target, header)
			require.NoError(t, err)
			row.header.Set("User-Agent", "k6")
			assert.Equal(t, row.url, u.String())
			assert.Equal(t, row.header, got)
			assert.Equal(t, stageURL+"?a=b", target.String(), "the argument is left alone")
			assert.Equal(t, http.Header{"User-Agent": {"k6"}}, header, "the argument is left alone")
		})
	}
}

// An independent reading of the signature's form accepts both, for any URL.
func TestIAMOnAPIGateway(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		stageURL, stageURL + "/", stageURL + "?b=1&a=%2F+x", "ws://127.0.0.1:8090/dev", "wss://api.example.com/a%20b",
	} {
		for _, session := range []string{"", "se/ss+ion="} {
			for _, inQuery := range []bool{false, true} {
				a := &APIGateway{Credentials: exampleIAM(ServiceAPIGateway, session), InQuery: inQuery}
				u, header, err := a.Connection(t.Context(), 0, parseURL(t, target), http.Header{})
				require.NoError(t, err)
				require.Equal(t, parseURL(t, target).Scheme, u.Scheme)
				require.Equal(t, parseURL(t, target).EscapedPath(), u.EscapedPath())
				require.NoError(t, exampleKeys.Verify("execute-api", asReceived(u, header), exampleTime), target)
				require.Error(t, exampleKeys.Verify("execute-api", asReceived(u, header), exampleTime.Add(time.Hour)))
				if inQuery {
					require.Empty(t, header)
					require.Equal(t, session, u.Query().Get("X-Amz-Security-Token"))
					require.Equal(t, "host", u.Query().Get("X-Amz-SignedHeaders"))
				} else {
					require.Equal(t, session, header.Get("X-Amz-Security-Token"))
				}
			}
		}
	}
}

// A header Host of the script's is what is signed, and not where the connection goes.
func TestIAMForAnotherHost(t *testing.T) {
	t.Parallel()
	for _, inQuery := range []bool{false, true} {
		a := &APIGateway{Credentials: exampleIAM(ServiceAPIGateway, ""), InQuery: inQuery}
		u, header, err := a.Connection(t.Context(), 0, parseURL(t, "wss://proxy/dev"), http.Header{"Host": {"abc"}})
		require.NoError(t, err)
		assert.Equal(t, "proxy", u.Host)
		assert.Equal(t, "abc", header.Get("Host"))
		r := &http.Request{Method: http.MethodGet, Host: "abc", URL: u, Header: header.Clone()}
		r.Header.Del("Host")
		require.NoError(t, exampleKeys.Verify("execute-api", sigv4.FromHTTP(r, nil), exampleTime))
	}
}

func TestWhatConnectionsCannotCarry(t *testing.T) {
	t.Parallel()
	_, _, err := (&APIGateway{Credentials: APIKey("k"), InQuery: true}).Connection(t.Context(), 0, parseURL(t, stageURL), nil)
	require.ErrorContains(t, err, "can't be in a URL's query")
	expired := errors.New("expired")
	_, _, err = (&APIGateway{Credentials: &recording{err: expired}}).Connection(t.Context(), 0, parseURL(t, stageURL), nil)
	require.ErrorIs(t, err, expired)
}

// The signatures are over /api/%40connections/L0SM9cOFvHcCIhw%253D, the path of the request
// escaped once more. They were made by a script that uses nothing of this module's.
func TestManagementIsSigned(t *testing.T) {
	t.Parallel()
	a := &APIGateway{Credentials: exampleIAM(ServiceAPIGateway, "")}
	u := parseURL(t, "https://abcdefghij.execute-api.us-west-2.amazonaws.com/api/@connections/L0SM9cOFvHcCIhw%3D")
	for _, row := range []struct{ method, body, signature string }{
		{"POST", "hello", "86037e7fecd9fb1f81b37ace6a1dbbb0b3622f9464d8870c4117cb996c957cc5"},
		{"GET", "", "124401609ee2d8026475b8c52548685908cc95675ec99cccd6d17a496e4609eb"},
		{"DELETE", "", "8663dee45a005e108a0184522ba06c56738410e7725d0a4a66a37cc3d6cf7f56"},
	} {
		header := http.Header{}
		require.NoError(t, a.Management(t.Context(), row.method, u, header, []byte(row.body)))
		assert.Equal(t, http.Header{
			"X-Amz-Date": {"20260102T030405Z"},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-west-2/execute-api/aws4_request, " +
				"SignedHeaders=host;x-amz-date, Signature=" + row.signature},
		}, header, row.method)
	}
}

// An independent reading of the signature's form accepts each way to write the path.
func TestManagementPaths(t *testing.T) {
	t.Parallel()
	a := &APIGateway{Credentials: exampleIAM(ServiceAPIGateway, "session")}
	for _, path := range []string{"/api/@connections/X%3D", "/api/%40connections/X%3D", "/api/@connections/X="} {
		u, header := parseURL(t, "https://abc"+path), http.Header{}
		require.NoError(t, a.Management(t.Context(), http.MethodPost, u, header, []byte("hello")))
		r := sigv4.FromHTTP(&http.Request{Method: http.MethodPost, Host: "abc", URL: u, Header: header}, []byte("hello"))
		require.Equal(t, path, r.Path)
		require.NoError(t, exampleKeys.Verify("execute-api", r, exampleTime))
		require.Equal(t, "session", header.Get("X-Amz-Security-Token"))
	}
}

func TestManagementTakesSignaturesOnly(t *testing.T) {
	t.Parallel()
	header := http.Header{}
	err := (&APIGateway{Credentials: Token("secret")}).Management(t.Context(), http.MethodPost, parseURL(t, "https://h/"), header, nil)
	require.ErrorContains(t, err, "by IAM credentials")
	assert.NotContains(t, err.Error(), "secret")
	assert.Empty(t, header)
}
