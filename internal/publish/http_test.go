package publish

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
)

// exchange is one request to a server: what it saw, and what was measured.
type exchange struct {
	status  int
	body    string
	err     error
	samples []metrics.Sample
	logged  int
}

func post(t *testing.T, to string, header http.Header, body string) exchange {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	registry := metrics.NewRegistry()
	samples := make(chan metrics.SampleContainer, 100)
	logger, log := logtest.NewNullLogger()
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	state := &lib.State{
		Options:        lib.Options{SystemTags: &metrics.DefaultSystemTagSet},
		BuiltinMetrics: metrics.RegisterBuiltinMetrics(registry), Logger: logger, Samples: samples,
		Transport: transport, BufferPool: lib.NewBufferPool(),
		Tags: lib.NewVUStateTags(registry.RootTagSet().With("scenario", "tested")),
	}
	state.Options.MaxRedirects.SetValid(2)
	status, response, err := Post(t.Context(), state, u, header, []byte(body))
	e := exchange{status: status, body: string(response), err: err, logged: len(log.AllEntries())}
	for _, container := range metrics.GetBufferedSamples(samples) {
		e.samples = append(e.samples, container.GetSamples()...)
	}
	return e
}

// value is the value of a metric that has one, and one of its tags.
func (e exchange) value(t *testing.T, metric, tag string) (float64, string) {
	t.Helper()
	for _, sample := range e.samples {
		if sample.Metric.Name == metric {
			value, _ := sample.Tags.Get(tag)
			return sample.Value, value
		}
	}
	t.Fatal("there is no ", metric)
	return 0, ""
}

// A request is measured as any of k6's, and only 200 is a success.
func TestPostIsOneOfK6sRequests(t *testing.T) {
	t.Parallel()
	for status, failed := range map[int]float64{200: 0, 201: 1, 500: 1, 401: 1} {
		var got string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = r.Method + " " + r.URL.String() + " " + r.Header.Get("Content-Type") + " " + r.Header.Get("X-Own") + " " + string(body)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "answer\x00")
		}))
		e := post(t, server.URL+"/graphql?a=b", http.Header{"X-Own": {"mine"}}, `{"a":1}`)
		server.Close()
		require.NoError(t, e.err)
		require.Equal(t, status, e.status)
		require.Equal(t, "answer\x00", e.body)
		require.Equal(t, `POST /graphql?a=b application/json mine {"a":1}`, got)
		value, scenario := e.value(t, "http_req_failed", "scenario")
		require.InDelta(t, failed, value, 0)
		require.Equal(t, "tested", scenario)
		value, name := e.value(t, "http_reqs", "name")
		require.InDelta(t, 1, value, 0)
		require.Equal(t, server.URL+"/graphql?a=b", name)
	}
}

// Redirects are followed as far as k6 is told to.
func TestPostFollowsRedirects(t *testing.T) {
	t.Parallel()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	e := post(t, server.URL, http.Header{}, `{}`)
	require.NoError(t, e.err)
	require.Equal(t, http.StatusTemporaryRedirect, e.status)
	require.Equal(t, 3, requests)
}

func TestPostWithoutResponse(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(server.Close)
	e := post(t, server.URL, http.Header{}, `{}`)
	require.Error(t, e.err)
	require.Zero(t, e.logged, "whoever is given an error logs it")
	require.Zero(t, e.status)
	require.Empty(t, e.body)
}
