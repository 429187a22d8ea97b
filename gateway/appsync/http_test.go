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

func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Rate: 1})
	require.Equal(t, http.StatusOK, f.post(`{"query":"{ __typename }"}`).Code)
	w := f.post(`{"query":"{ __typename }"}`)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "TooManyRequestsException", w.Header().Get("x-amzn-ErrorType"))
	require.NotEmpty(t, w.Header().Get("x-amzn-RequestId"))
}
