package publish

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
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
	return postWith(t, to, header, body, func(*lib.State) {})
}

// postWith is post in a VU's state that change has changed.
func postWith(t *testing.T, to string, header http.Header, body string, change func(*lib.State)) exchange {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	return measured(t, change, func(state *lib.State) (int, []byte, error) { return Post(t.Context(), state, u, header, []byte(body)) })
}

// do sends a request in a VU's state that change has changed.
func do(t *testing.T, change func(*lib.State), request *Request) exchange {
	t.Helper()
	return measured(t, change, func(state *lib.State) (int, []byte, error) { return Do(t.Context(), state, request) })
}

func measured(t *testing.T, change func(*lib.State), send func(*lib.State) (int, []byte, error)) exchange {
	t.Helper()
	registry := metrics.NewRegistry()
	samples := make(chan metrics.SampleContainer, 100)
	logger, log := logtest.NewNullLogger()
	transport := &http.Transport{DisableCompression: true} // as k6 has it
	t.Cleanup(transport.CloseIdleConnections)
	state := &lib.State{
		Options:        lib.Options{SystemTags: &metrics.DefaultSystemTagSet},
		BuiltinMetrics: metrics.RegisterBuiltinMetrics(registry), Logger: logger, Samples: samples,
		Transport: transport, BufferPool: lib.NewBufferPool(),
		Tags: lib.NewVUStateTags(registry.RootTagSet().With("scenario", "tested")),
	}
	state.Options.MaxRedirects.SetValid(2)
	change(state)
	status, response, err := send(state)
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
		require.Equal(t, server.URL+"/graphql", name)
	}
}

// No redirect is followed: neither the header's credentials nor the body may reach
// another host, or the same one a second time.
func TestPostFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var elsewhere, here atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{other.URL + "/graphql", "/again"} {
			here.Store(0)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				here.Add(1)
				http.Redirect(w, r, location, status)
			}))
			e := post(t, server.URL, http.Header{"X-Api-Key": {"da2-secret"}}, `{"query":"mutation"}`)
			server.Close()
			require.NoError(t, e.err)
			require.Equal(t, status, e.status)
			require.EqualValues(t, 1, here.Load())
			require.Zero(t, e.logged)
		}
	}
	require.Zero(t, elsewhere.Load())
}

// A response of 8 MiB is read, and of a longer one no more than that.
func TestPostBoundsTheResponse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		length   int
		chunked  bool
		tooLarge bool
	}{
		"just not too long":               {length: 8 << 20},
		"just not too long, in chunks":    {length: 8 << 20, chunked: true},
		"one byte too long":               {length: 8<<20 + 1, tooLarge: true},
		"one byte too long, in chunks":    {length: 8<<20 + 1, chunked: true, tooLarge: true},
		"far too long, in chunks":         {length: 256 << 20, chunked: true, tooLarge: true},
		"far too long, and nothing but [": {length: 64 << 20, tooLarge: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written := make(chan int, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if !test.chunked {
					w.Header().Set("Content-Length", strconv.Itoa(test.length))
				}
				sum := 0
				defer func() { written <- sum }()
				for block := bytes.Repeat([]byte("["), 64<<10); sum < test.length; {
					n, err := w.Write(block[:min(len(block), test.length-sum)])
					sum += n
					if err != nil {
						return
					}
				}
			}))
			t.Cleanup(server.Close)
			e := post(t, server.URL, http.Header{}, `{}`)
			if !test.tooLarge {
				require.NoError(t, e.err)
				require.Len(t, e.body, test.length)
				require.Equal(t, 200, e.status)
				return
			}
			require.ErrorIs(t, e.err, errTooLarge)
			require.Empty(t, e.body)
			require.Zero(t, e.status)
			require.Zero(t, e.logged)
			value, _ := e.value(t, "http_reqs", "scenario")
			require.InDelta(t, 1, value, 0)
			require.Less(t, <-written, 63<<20, "the rest isn't taken")
		})
	}
}

// A body that would be unpacked into more than anybody counted is refused, and the text of
// its encoding goes nowhere.
func TestPostRefusesCompression(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "identity", "of a gateway's own making"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "" {
				t.Error("compression was asked for")
			}
			w.Header().Set("Content-Encoding", encoding)
			var packed bytes.Buffer
			zip := gzip.NewWriter(&packed)
			_, _ = zip.Write(make([]byte, 1<<20))
			_ = zip.Close()
			_, _ = w.Write(packed.Bytes())
		}))
		e := post(t, server.URL, http.Header{}, `{}`)
		server.Close()
		require.ErrorIs(t, e.err, errCompressed, encoding)
		require.Empty(t, e.body)
		for _, sample := range e.samples {
			for _, value := range sample.Tags.Map() {
				require.NotContains(t, value, "making")
			}
		}
	}
}

// A query may hold credentials, so it is in no tag and in no error, whichever tags are on.
func TestPostShowsNoQuery(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/compressed":
			w.Header().Set("Content-Encoding", "gzip")
		case "/redirect":
			http.Redirect(w, r, "/else?key=secret", http.StatusTemporaryRedirect)
		}
		_, _ = io.WriteString(w, r.URL.RawQuery)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	onlyURL, none := metrics.SystemTagSet(metrics.TagURL), metrics.SystemTagSet(0)
	for _, tags := range []*metrics.SystemTagSet{&metrics.DefaultSystemTagSet, &onlyURL, &none} {
		for _, address := range []string{
			server.URL + "/ok", server.URL + "/abort", server.URL + "/compressed", server.URL + "/redirect", closed.URL + "/graphql",
		} {
			e := postWith(t, address+"?key=secret", http.Header{}, `{}`, func(state *lib.State) { state.Options.SystemTags = tags })
			if e.err != nil {
				require.NotContains(t, e.err.Error(), "secret")
				require.NotContains(t, e.err.Error(), address)
			}
			require.NotEmpty(t, e.samples)
			for _, sample := range e.samples {
				for name, value := range sample.Tags.Map() {
					require.NotContains(t, value, "secret", "%s of %s, %s", name, sample.Metric.Name, address)
				}
			}
			if tags == &onlyURL {
				_, shown := e.value(t, "http_reqs", "url")
				require.Equal(t, address, shown)
			}
		}
	}
	// A name that the script gave stays.
	e := postWith(t, server.URL+"/ok?key=secret", http.Header{}, `{}`, func(state *lib.State) {
		state.Tags.Modify(func(tags *metrics.TagsAndMeta) { tags.SetTag("name", "mine") })
	})
	_, name := e.value(t, "http_reqs", "name")
	require.Equal(t, "mine", name)
	_, shown := e.value(t, "http_reqs", "url")
	require.Equal(t, "mine", shown)
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

// Any request may have a name for its URL, and says for itself what a success is.
func TestDoIsOneOfK6sRequests(t *testing.T) {
	t.Parallel()
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.RequestURI+" "+r.Header.Get("Content-Length")+" "+r.Header.Get("Content-Type")+" "+string(body))
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	onlyURL := metrics.SystemTagSet(metrics.TagURL)
	u, err := url.Parse(server.URL + "/dev/@connections/a%3D")
	require.NoError(t, err)
	for _, request := range []Request{{Method: http.MethodDelete}, {Method: http.MethodPost, Body: []byte("x")}} {
		request.URL, request.Name, request.Header = u, "connections", http.Header{}
		request.IsSuccess = func(status int) bool { return status == http.StatusNoContent }
		e := do(t, func(state *lib.State) { state.Options.SystemTags = &onlyURL }, &request)
		require.NoError(t, e.err)
		require.Equal(t, http.StatusNoContent, e.status)
		failed, shown := e.value(t, "http_req_failed", "url")
		require.Zero(t, failed)
		require.Equal(t, "connections", shown)
		_, name := e.value(t, "http_reqs", "name")
		require.Equal(t, "connections", name)
	}
	const line = " /dev/@connections/a%3D "
	require.Equal(t, []string{"DELETE" + line + "  ", "POST" + line + "1  x"}, got)
}
