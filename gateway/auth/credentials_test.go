package auth

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Both forms of base64 differ for these credentials, and are padded.
const object = `{"host":"h","x-api-key":"~~~???>>"}`

func TestCredentials(t *testing.T) {
	t.Parallel()
	standard, forURLs := base64.StdEncoding.EncodeToString([]byte(object)), base64.URLEncoding.EncodeToString([]byte(object))
	for _, needed := range []string{"+", "/", "="} {
		require.Contains(t, standard, needed)
	}
	require.Contains(t, forURLs, "-")
	require.Contains(t, forURLs, "_")
	unpadded := func(text string) string { return strings.TrimRight(text, "=") }
	query := func(text string) string { return "/graphql?header=" + text }
	good := credentials{host: "h", key: "~~~???>>"}
	const missing, unreadable = "Required headers are missing.", "Unable to parse the authorization header."
	for name, row := range map[string]struct {
		path     string
		protocol string
		header   http.Header
		want     credentials
		wrong    string
	}{
		"query":                            {query(url.QueryEscape(standard)), "", nil, good, ""},
		"query, unpadded":                  {query(url.QueryEscape(unpadded(standard))), "", nil, good, ""},
		"query, not escaped":               {query(standard), "", nil, good, ""},
		"query, not escaped, unpadded":     {query(unpadded(standard)), "", nil, good, ""},
		"query, form for URLs":             {query(forURLs), "", nil, credentials{}, unreadable},
		"query, no base64":                 {query("!"), "", nil, credentials{}, unreadable},
		"query before subprotocol":         {query(url.QueryEscape(standard)), "header-e30", nil, good, ""},
		"subprotocol":                      {"/", "graphql-ws, header-" + unpadded(forURLs), nil, good, ""},
		"subprotocol, padded":              {"/", "header-" + forURLs + ", graphql-ws", nil, good, ""},
		"subprotocol, standard form":       {"/", "graphql-ws, header-" + unpadded(standard), nil, credentials{}, unreadable},
		"subprotocol before headers":       {"/", "header-" + unpadded(forURLs), http.Header{"X-Api-Key": {"k"}}, good, ""},
		"subprotocol, no host":             {"/", "header-" + base64.RawURLEncoding.EncodeToString([]byte(`{"x-api-key":"k"}`)), nil, credentials{key: "k"}, missing},
		"subprotocol, no JSON":             {"/", "header-" + base64.RawURLEncoding.EncodeToString([]byte(`{"host"`)), nil, credentials{}, unreadable},
		"subprotocol, capitals":            {"/", "header-" + base64.RawURLEncoding.EncodeToString([]byte(`{"HOST":"h","X-Api-Key":"k"}`)), nil, credentials{host: "h", key: "k"}, ""},
		"headers":                          {"/", "graphql-ws", http.Header{"X-Api-Key": {"k"}}, credentials{host: "example.com", key: "k"}, ""},
		"headers, other authorization":     {"/", "graphql-ws", http.Header{"Authorization": {"token"}}, credentials{host: "example.com", token: "token"}, ""},
		"nothing":                          {"/", "graphql-ws", nil, credentials{}, missing},
		"an empty query is no credentials": {"/?header=", "graphql-ws", http.Header{"X-Api-Key": {"k"}}, credentials{host: "example.com", key: "k"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, row.path, nil)
			for key, values := range row.header {
				r.Header[key] = values
			}
			if row.protocol != "" {
				r.Header.Set("Sec-WebSocket-Protocol", row.protocol)
			}
			got, wrong := ofUpgrade(r)
			if row.wrong != "" {
				require.NotNil(t, wrong)
				require.Equal(t, row.wrong, wrong.Message)
				require.Equal(t, http.StatusBadRequest, wrong.Code)
				return
			}
			require.Nil(t, wrong)
			require.Equal(t, row.want, got)
		})
	}
}
