package credentials

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	goldenHost   = "abcdefghijklmnopqrstuvwxyz.appsync-api.us-west-2.amazonaws.com"
	goldenKey    = "da2-abcdefghijklmnopqrstuvwxyz"
	goldenJSON   = `{"host":"` + goldenHost + `","x-api-key":"` + goldenKey + `"}`
	goldenBase64 = "eyJob3N0IjoiYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXouYXBwc3luYy1hcGkudXMtd2VzdC0yLmFtYXpvbmF3cy5jb20i" +
		"LCJ4LWFwaS1rZXkiOiJkYTItYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoifQ=="
)

func parseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func withKey(t *testing.T, host, key string, form Form) *AppSync {
	t.Helper()
	return &AppSync{
		Credentials: APIKey(key), URL: parseURL(t, "https://"+host+"/graphql"), ConnectPath: "connect", Host: host,
		Subprotocol: "graphql-ws", Form: form,
	}
}

func connect(t *testing.T, a *AppSync, realtime string) *Upgrade {
	t.Helper()
	upgrade, err := a.Connection(t.Context(), parseURL(t, realtime))
	require.NoError(t, err)
	return upgrade
}

// offered returns the authorization object that is offered as a subprotocol.
func offered(t *testing.T, upgrade *Upgrade) string {
	t.Helper()
	require.Len(t, upgrade.Subprotocols, 2)
	encoded, ok := strings.CutPrefix(upgrade.Subprotocols[1], "header-")
	require.True(t, ok)
	object, err := base64.RawURLEncoding.DecodeString(encoded)
	require.NoError(t, err)
	return string(object)
}

func TestConnectionBySubprotocol(t *testing.T) {
	t.Parallel()
	upgrade := connect(t, withKey(t, goldenHost, goldenKey, FormSubprotocol), "wss://h/graphql?a=b")
	assert.Equal(t, "wss://h/graphql?a=b", upgrade.URL.String())
	assert.Equal(t, []string{"graphql-ws", "header-" + strings.TrimRight(goldenBase64, "=")}, upgrade.Subprotocols)
	assert.Equal(t, goldenJSON, offered(t, upgrade))
	assert.Empty(t, upgrade.Fields)
}

func TestConnectionByQuery(t *testing.T) {
	t.Parallel()
	realtime := parseURL(t, "wss://h/graphql")
	upgrade, err := withKey(t, goldenHost, goldenKey, FormQuery).Connection(t.Context(), realtime)
	require.NoError(t, err)
	assert.Equal(t, []string{"graphql-ws"}, upgrade.Subprotocols)
	assert.Equal(t, "wss://h/graphql?header="+strings.ReplaceAll(goldenBase64, "=", "%3D")+"&payload=e30%3D", upgrade.URL.String())
	assert.Equal(t, "wss://h/graphql", realtime.String(), "the argument is left alone")
}

// The API's host is a header beside the credentials, and the connection goes elsewhere.
func TestConnectionByHeaders(t *testing.T) {
	t.Parallel()
	upgrade := connect(t, withKey(t, goldenHost, goldenKey, FormHeaders), "wss://h/graphql")
	assert.Equal(t, "wss://h/graphql", upgrade.URL.String())
	assert.Equal(t, []string{"graphql-ws"}, upgrade.Subprotocols)
	header := http.Header{"User-Agent": {"k6"}}
	assert.Equal(t, http.Header{"User-Agent": {"k6"}, "Host": {goldenHost}, "X-Api-Key": {goldenKey}}, upgrade.Header(header))
	assert.Equal(t, http.Header{"User-Agent": {"k6"}}, header, "the argument is left alone")
}

func TestConnectionKeepsTheQuery(t *testing.T) {
	t.Parallel()
	query := connect(t, withKey(t, "h", "k", FormQuery), "wss://h/graphql/realtime?a=b").URL.Query()
	assert.Equal(t, "b", query.Get("a"))
	assert.Equal(t, "e30=", query.Get("payload"))
}

// The base64 of this key has both characters that differ between the alphabets.
func TestConnectionAlphabets(t *testing.T) {
	t.Parallel()
	const key = "<?>~~~ÿÿ"
	query := connect(t, withKey(t, "h", key, FormQuery), "wss://h/").URL
	standard := query.Query().Get("header")
	require.Contains(t, standard, "+")
	require.Contains(t, standard, "/")
	assert.NotContains(t, query.RawQuery, "+")
	assert.NotContains(t, query.RawQuery, "/")

	decoded, err := base64.StdEncoding.DecodeString(standard)
	require.NoError(t, err)
	assert.Equal(t, `{"host":"h","x-api-key":"<?>~~~ÿÿ"}`, string(decoded))
	assert.Equal(t, `{"host":"h","x-api-key":"<?>~~~ÿÿ"}`, offered(t, connect(t, withKey(t, "h", key, FormSubprotocol), "wss://h/")))
}

// recording notes what it is to authorize.
type recording struct {
	requests []Request
	err      error
}

func (r *recording) Authorize(ctx context.Context, request Request) ([]Field, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.requests = append(r.requests, request)
	return []Field{{"x-amz-date", "20261126T000000Z"}, {"Authorization", "AWS4"}}, r.err
}

func (r *recording) Constant() bool { return false }

func TestWhatIsAuthorized(t *testing.T) {
	t.Parallel()
	credentials := &recording{}
	a := &AppSync{Credentials: credentials, URL: parseURL(t, "https://proxy/graphql"), ConnectPath: "connect", Host: "h", Subprotocol: "graphql-ws"}
	connect(t, a, "wss://realtime/graphql")
	object, err := a.Frame(t.Context(), `{"query":"q"}`)
	require.NoError(t, err)
	assert.Equal(t, `{"host":"h","x-amz-date":"20261126T000000Z","Authorization":"AWS4"}`, string(object))
	header := http.Header{}
	require.NoError(t, a.Request(t.Context(), header, []byte(`{"query":"m"}`)))
	assert.Equal(t, http.Header{"X-Amz-Date": {"20261126T000000Z"}, "Authorization": {"AWS4"}}, header)

	var signed []string
	for _, r := range credentials.requests {
		signed = append(signed, r.Method+" "+r.URL.String()+" "+string(r.Body))
	}
	assert.Equal(t, []string{
		"POST https://proxy/graphql/connect {}",
		`POST https://proxy/graphql {"query":"q"}`,
		`POST https://proxy/graphql {"query":"m"}`,
	}, signed)
}

func TestCredentialsThatFail(t *testing.T) {
	t.Parallel()
	expired := errors.New("the token has expired")
	a := &AppSync{Credentials: &recording{err: expired}, URL: parseURL(t, "https://h/graphql"), Host: "h"}
	_, err := a.Connection(t.Context(), a.URL)
	require.ErrorIs(t, err, expired)
	_, err = a.Frame(t.Context(), "{}")
	require.ErrorIs(t, err, expired)
	require.ErrorIs(t, a.Request(t.Context(), http.Header{}, nil), expired)
}

// Credentials may take time, which the caller's context bounds.
func TestTheContextBoundsCredentials(t *testing.T) {
	t.Parallel()
	a := &AppSync{Credentials: &recording{}, URL: parseURL(t, "https://h/graphql"), Host: "h"}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Connection(over, a.URL)
	require.ErrorIs(t, err, context.Canceled)
	_, err = a.Frame(over, "{}")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, a.Request(over, http.Header{}, nil), context.Canceled)
}
