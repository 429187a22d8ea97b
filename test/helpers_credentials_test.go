package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// caughtFunction is a function of scripts that tells how another fails.
const caughtFunction = `
	const caught = async (f) => {
		try {
			await f();
			return {};
		} catch (e) {
			return { error: e.name + ' ' + e.code + ' ' + e.message };
		}
	};`

// requireRefused requires that the gateway refuses each of the clients, which begin with these
// words, and that error, log and metrics say why without any secret.
func requireRefused(t *testing.T, g *server, client string, cases map[string]refused) {
	t.Helper()
	var clients strings.Builder
	for name, row := range cases {
		_, _ = fmt.Fprintf(&clients, "%q: %s%s }),\n", name, client, row.auth)
	}
	o := k6(t, scripted(t, g, caughtFunction+`
		const clients = {`+clients.String()+`};
		export default async function () {
			for (const [name, client] of Object.entries(clients)) {
				const connect = await caught(() => client.connect());
				const { failed } = await client.listen({ connections: 2, duration: '10s' });
				let request = {};
				if (client.graphql) request = await caught(() => client.graphql({ query: '{ __typename }' }));
				if (client.publish) request = await caught(() => client.publish([1]));
				console.log(JSON.stringify({ name, connect: connect.error, request: request.error, failed }));
			}
		}`), g.env()...)
	require.Zero(t, o.exit)
	for _, said := range o.said(t, len(cases)) {
		want := cases[said.Get("name").Str]
		requireError(t, want.connect, said.Get("connect").Str, said.Raw)
		requireError(t, want.request, said.Get("request").Str, said.Raw)
		require.EqualValues(t, 2, said.Get("failed").Int(), said.Raw)
	}
	phase := "phase=handshake"
	if strings.Contains(client, "apigw") {
		phase = "phase=upgrade"
	}
	o.requireCounts(t, map[string]int{"pushgw_connect_failed": 3 * len(cases), "pushgw_connect_failed " + phase: 3 * len(cases)})
	require.NotEmpty(t, o.log, "the first failure is logged")
	require.NotContains(t, o.stderr, "hidden")
	for _, sample := range o.samples {
		require.NotContains(t, sample.Raw, "hidden")
	}
}

// requireError requires that an error has the wanted name, code and words.
func requireError(t *testing.T, want, got, all string) {
	t.Helper()
	if want == "" {
		require.Empty(t, got, all)
		return
	}
	words := strings.SplitN(want, " ", 3)
	require.Equal(t, words[:2], strings.SplitN(got, " ", 3)[:2], all)
	require.Contains(t, got, words[2], all)
}

// behind returns the gateway as it is reached by way of a proxy that changes requests.
func behind(t *testing.T, g *server, change func(*http.Request)) *server {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: g.address}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		change(r.Out)
	}})
	t.Cleanup(proxy.Close)
	_, port, err := net.SplitHostPort(proxy.Listener.Addr().String())
	require.NoError(t, err)
	return &server{address: "127.0.0.1:" + port}
}

// replaceBody changes what a request says.
func replaceBody(t *testing.T, r *http.Request, from, to string) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	changed := bytes.ReplaceAll(body, []byte(from), []byte(to))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
}

// retouched returns the gateway as it is reached by way of a relay that changes a text in
// everything that a client's connections send.
func retouched(t *testing.T, g *server, from, to string) *server {
	t.Helper()
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols := websocket.Subprotocols(r)
		dialer := websocket.Dialer{Subprotocols: protocols}
		gateway, response, err := dialer.DialContext(r.Context(), "ws://"+g.address+r.URL.RequestURI(), nil)
		if !assert.NoError(t, err) {
			return
		}
		_ = response.Body.Close()
		upgrader := websocket.Upgrader{Subprotocols: []string{gateway.Subprotocol()}}
		client, err := upgrader.Upgrade(w, r, nil)
		if !assert.NoError(t, err) {
			_ = gateway.Close()
			return
		}
		go pass(gateway, client, func(data []byte) []byte { return data })
		pass(client, gateway, func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(from), []byte(to)) })
	}))
	t.Cleanup(relay.Close)
	return &server{address: relay.Listener.Addr().String()}
}

// pass hands on messages until one of the connections ends, and then ends both.
func pass(from, to *websocket.Conn, change func([]byte) []byte) {
	defer func() {
		_ = from.Close()
		_ = to.Close()
	}()
	for {
		kind, data, err := from.ReadMessage()
		if err != nil || to.WriteMessage(kind, change(data)) != nil {
			return
		}
	}
}
