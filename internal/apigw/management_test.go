package apigw

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func TestManagementURL(t *testing.T) {
	t.Parallel()
	for webSocket, want := range map[string]string{
		"wss://a1b2.execute-api.eu-west-1.amazonaws.com/prod":      "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod",
		"wss://a1b2.execute-api.eu-west-1.amazonaws.com/prod/?t=s": "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod/",
		"wss://chat.example.com":                                   "https://chat.example.com",
		"wss://chat.example.com/mapping?token=secret#fragment":     "https://chat.example.com/mapping",
		"ws://127.0.0.1:8080/a%2Fb":                                "http://127.0.0.1:8080/a%2Fb",
	} {
		assert.Equal(t, want, ManagementURL(mustURL(t, webSocket)).String(), webSocket)
	}
}

func TestConnectionURL(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://a/dev", "https://a/dev/", "https://a", "https://a/", "https://a/x%2Fy"} {
		trimmed := strings.TrimRight(base, "/")
		for id, escaped := range map[string]string{
			"L0SM9cOFvHcCIhw=": "L0SM9cOFvHcCIhw%3D",
			"a-b_c":            "a-b_c",
			"a%3D":             "a%253D",
			"a/b c+d?e#f":      "a%2Fb%20c%2Bd%3Fe%23f",
			"é":                "%C3%A9",
		} {
			u := ConnectionURL(mustURL(t, base), id)
			assert.Equal(t, trimmed+"/@connections/"+escaped, u.String())
			assert.Equal(t, u.String(), mustURL(t, u.String()).String(), "it is the same when it is parsed")
			assert.True(t, strings.HasSuffix(u.Path, "/@connections/"+id))
		}
		assert.Equal(t, trimmed+"/@connections/{connectionId}", ConnectionURLName(mustURL(t, base)))
	}
}

func TestManagementSuccess(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{200: true, 204: true, 101: false, 302: false, 400: false, 410: false, 500: false} {
		assert.Equal(t, want, ManagementSuccess(status), status)
	}
}

func TestManagementError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   dialect.Error
	}{
		{410, "", dialect.Error{Name: "Gone", Code: 410, Message: "status 410 Gone", Final: true}},
		{413, `{"message":"Message too long"}`, dialect.Error{Name: "PayloadTooLarge", Code: 413, Message: "Message too long", Final: true}},
		{429, `{"message":"Too Many Requests"}`, dialect.Error{Name: "LimitExceeded", Code: 429, Message: "Too Many Requests"}},
		{403, `{"Message":"User is not authorized"}`, dialect.Error{Name: "Forbidden", Code: 403, Message: "User is not authorized", Final: true}},
		{400, `{"message":"Invalid connectionId: x"}`, dialect.Error{Name: "BadRequest", Code: 400, Message: "Invalid connectionId: x", Final: true}},
		{500, `{"message":null}`, dialect.Error{Name: "Other", Code: 500, Message: "`{\"message\":null}`"}},
		{503, "<html>\n", dialect.Error{Name: "Other", Code: 503, Message: "`<html>`"}},
		{502, strings.Repeat("x", 300), dialect.Error{Name: "Other", Code: 502, Message: "`" + strings.Repeat("x", 200) + "`…"}},
		{
			403, `{"message":"should have been\n'POST\nx-amz-security-token:secret\n\nhost"}`,
			dialect.Error{Name: "Forbidden", Code: 403, Message: "should have been\n'POST\nx-amz-security-token:…\n\nhost", Final: true},
		},
		{500, "X-Amz-Security-Token=secret&a=b", dialect.Error{Name: "Other", Code: 500, Message: "`X-Amz-Security-Token=…&a=b`"}},
		{403, `{"message":"` + strings.Repeat("x", 9000) + `"}`, dialect.Error{Name: "Forbidden", Code: 403, Message: strings.Repeat("x", 2000), Final: true}},
		{599, "", dialect.Error{Name: "Other", Code: 599, Message: "status 599"}},
		{302, "", dialect.Error{Name: "Other", Code: 302, Message: "status 302 Found"}},
	} {
		assert.Equal(t, &c.want, ManagementError(c.status, []byte(c.body)))
		assert.Contains(t, ErrorNames(), c.want.Name)
	}
}
