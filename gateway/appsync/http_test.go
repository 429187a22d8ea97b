package appsync

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func (f *fixture) post(body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(f.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("x-api-key", apiKey)
	f.gateway.ServeHTTP(w, r)
	return w
}

func TestBodiesAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	query := `{"query":"{ __typename }"}`
	padding := strings.Repeat(" ", maxBody-len(query))
	require.JSONEq(t, `{"data":{"__typename":"Query"}}`, f.post(query+padding).Body.String())
	w := f.post(query + padding + " ")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "MalformedHttpRequestException", w.Header().Get("x-amzn-ErrorType"))
	require.Equal(t, "Unable to read the request body.", gjson.Get(w.Body.String(), "errors.0.message").Str)
}

func TestUUIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := newUUID()
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		seen[id] = true
	}
	require.Len(t, seen, 1000)
}

// Over HTTP the status is the code, which the error itself doesn't have.
func TestAnErrorHasNoCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	w := httptest.NewRecorder()
	f.gateway.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil))
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, "UnauthorizedException", w.Header().Get("x-amzn-ErrorType"))
	require.JSONEq(t, `{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}`,
		w.Body.String())
}
