package events

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func header(object string) string {
	return "header-" + base64.RawURLEncoding.EncodeToString([]byte(object))
}

func TestConnect(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	object := func(field, value string) string { return fmt.Sprintf(`{"host":%q,%q:%q}`, f.host(), field, value) }
	for name, row := range map[string]struct {
		header       http.Header
		subprotocols []string
		want         string // the type of the error, or its message where it has none; empty for none
	}{
		"key":             {nil, []string{subprotocol, header(object("x-api-key", apiKey))}, ""},
		"key first":       {nil, []string{header(object("x-api-key", apiKey)), subprotocol}, ""},
		"token":           {nil, []string{subprotocol, header(object("Authorization", token))}, ""},
		"key in a header": {http.Header{"X-Api-Key": {apiKey}}, []string{subprotocol}, ""},
		"wrong key":       {nil, []string{subprotocol, header(object("x-api-key", "other"))}, "UnauthorizedException"},
		"wrong host":      {nil, []string{subprotocol, header(`{"host":"other","x-api-key":"` + apiKey + `"}`)}, "com.amazon.coral.service.http#HttpNotFoundException"},
		"no credentials":  {nil, []string{subprotocol}, "Required headers are missing."},
		"GraphQL's":       {http.Header{"X-Api-Key": {apiKey}}, []string{"graphql-ws"}, "SubProtocolNotSupportedError"},
		"no subprotocol":  {http.Header{"X-Api-Key": {apiKey}}, nil, "NoProtocolError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{T: t, gateway: f.gateway, faults: f.faults, server: f.server}
			c := f.upgrade(row.header, row.subprotocols...)
			if row.want == "" {
				require.Equal(t, subprotocol, c.Subprotocol())
				c.ask(`{"type":"connection_init"}`, `{"type":"connection_ack","connectionTimeoutMs":300000}`)
				return
			}
			frame := gjson.Parse(c.receive())
			require.Equal(t, "connection_error", frame.Get("type").Str)
			wrong := frame.Get("errors.0")
			require.Contains(t, []string{wrong.Get("errorType").Str, wrong.Get("message").Str}, row.want)
			requireClose(t, c, websocket.CloseNormalClosure)
		})
	}
}

func TestRefusedByAFault(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.fault(`{"refuse": "429:1"}`)
	_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+f.host()+"/event/realtime", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusTooManyRequests, answer.StatusCode)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Refused.Load())
}

// Each connection gets its first ka a whole period after its ack, and none before.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{KeepAlive: 20 * time.Millisecond})
	silent := f.upgrade(http.Header{"X-Api-Key": {apiKey}}, subprotocol)
	c := f.upgrade(http.Header{"X-Api-Key": {apiKey}}, subprotocol)
	began := time.Now()
	c.ask(`{"type":"connection_init"}`, `{"type":"connection_ack","connectionTimeoutMs":300000}`)
	for range 3 {
		require.JSONEq(t, `{"type":"ka"}`, c.receive())
	}
	require.GreaterOrEqual(t, time.Since(began), 60*time.Millisecond)
	silent.ask(`{"type":"connection_init"}`, `{"type":"connection_ack","connectionTimeoutMs":300000}`)
}

// What comes between connection_init and its acknowledgement is ignored.
func TestMessagesBeforeTheAcknowledgementAreIgnored(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{AckDelay: time.Second})
	c := f.upgrade(http.Header{"X-Api-Key": {apiKey}}, subprotocol)
	c.send(`{"type":"connection_init"}`)
	c.send(subscribeText("1", "default/a"))
	require.JSONEq(t, `{"type":"connection_ack","connectionTimeoutMs":300000}`, c.receive())
	c.subscribe("2", "default/a")
	require.EqualValues(t, 1, f.gateway.Ready.Load())
	_, count := f.gateway.broker.match("default/a")
	require.Equal(t, 1, count)
}
