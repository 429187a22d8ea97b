package appsync

import (
	"encoding/base64"
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

func TestAuth(t *testing.T) {
	t.Parallel()
	auth := Auth{Host: goldenHost, APIKey: goldenKey}
	assert.Equal(t, goldenJSON, string(auth.JSON()))
	assert.Equal(t, []string{"graphql-ws", "header-" + strings.TrimRight(goldenBase64, "=")}, auth.Subprotocols())

	realtime := parseURL(t, "wss://h/graphql")
	u := auth.Query(realtime)
	assert.Equal(t, "wss://h/graphql?header="+strings.ReplaceAll(goldenBase64, "=", "%3D")+"&payload=e30%3D", u.String())
	assert.Equal(t, goldenBase64, u.Query().Get("header"))
	assert.Equal(t, "e30=", u.Query().Get("payload"))
	assert.Equal(t, "wss://h/graphql", realtime.String(), "the argument is left alone")
}

func TestAuthQueryKeepsTheQuery(t *testing.T) {
	t.Parallel()
	u := Auth{}.Query(parseURL(t, "wss://h/graphql/realtime?a=b"))
	assert.Equal(t, "b", u.Query().Get("a"))
	assert.Equal(t, "e30=", u.Query().Get("payload"))
}

// The base64 of this key has both characters that differ between the alphabets.
func TestAuthAlphabets(t *testing.T) {
	t.Parallel()
	auth := Auth{Host: "h", APIKey: "<?>~~~ÿÿ"}
	query := auth.Query(parseURL(t, "wss://h/"))
	standard := query.Query().Get("header")
	require.Contains(t, standard, "+")
	require.Contains(t, standard, "/")
	assert.NotContains(t, query.RawQuery, "+")
	assert.NotContains(t, query.RawQuery, "/")

	decoded, err := base64.StdEncoding.DecodeString(standard)
	require.NoError(t, err)
	assert.Equal(t, `{"host":"h","x-api-key":"<?>~~~ÿÿ"}`, string(decoded))

	token := strings.TrimPrefix(auth.Subprotocols()[1], "header-")
	decoded, err = base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	assert.Equal(t, `{"host":"h","x-api-key":"<?>~~~ÿÿ"}`, string(decoded))
}
