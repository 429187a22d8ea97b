package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

const onCreateRoom = "subscription { onCreateRoom { __typename id title } }"

// subscribed is a connection with one acknowledged subscription.
func (s *server) subscribed(query string, variables map[string]any) *client {
	s.Helper()
	c := s.realtime()
	c.start("1", query, variables)
	require.JSONEq(s, `{"id":"1","type":"start_ack"}`, c.receive())
	return c
}

// realtime is a connection that was acknowledged.
func (s *server) realtime() *client {
	s.Helper()
	c := s.dial("/graphql", http.Header{"x-api-key": {gateway.APIKey}}, "graphql-ws")
	c.send(`{"type":"connection_init"}`)
	require.JSONEq(s, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, c.receive())
	require.JSONEq(s, `{"type":"ka"}`, c.receive())
	return c
}

func (c *client) start(id, query string, variables map[string]any) {
	c.s.Helper()
	c.send(c.startText(id, query, variables))
}

func (c *client) startText(id, query string, variables map[string]any) string {
	c.s.Helper()
	data, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(c.s, err)
	text, err := json.Marshal(map[string]any{"id": id, "type": "start", "payload": map[string]any{
		"data":       string(data),
		"extensions": map[string]any{"authorization": map[string]any{"host": c.s.host(), "x-api-key": gateway.APIKey}},
	}})
	require.NoError(c.s, err)
	return string(text)
}

// mutate publishes a room and returns the answer.
func (s *server) mutate(selection, title string) string {
	s.Helper()
	body, err := json.Marshal(map[string]any{
		"query":     "mutation($t: String!) { createRoom(input: { title: $t, owner: \"me\" }) " + selection + " }",
		"variables": map[string]any{"t": title},
	})
	require.NoError(s, err)
	status, _, answer := s.do(http.MethodPost, "/graphql", string(body), "x-api-key", gateway.APIKey)
	require.Equal(s, http.StatusOK, status)
	require.False(s, gjson.Get(answer, "errors").Exists(), answer)
	return answer
}

func authJSON(host, key string) string {
	return fmt.Sprintf(`{"host":%q,"x-api-key":%q}`, host, key)
}
