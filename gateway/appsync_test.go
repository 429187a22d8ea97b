package gateway_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// Credentials may be in the query, in a subprotocol, or in headers.
func TestCredentialsOfAnUpgrade(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{APIKey: "da2-another"})
	auth := []byte(authJSON(s.host(), "da2-another"))
	name, _, _ := strings.Cut(s.host(), ":")
	query := base64.StdEncoding.EncodeToString(auth)
	for name, row := range map[string]struct {
		path         string
		header       http.Header
		subprotocols []string
	}{
		"query, encoded": {"/graphql?header=" + url.QueryEscape(query) + "&payload=e30=", nil, []string{"graphql-ws"}},
		"query, raw":     {"/graphql/realtime?header=" + query + "&payload=e30=", nil, []string{"graphql-ws"}},
		"subprotocol":    {"/graphql", nil, []string{"graphql-ws", "header-" + base64.RawURLEncoding.EncodeToString(auth)}},
		"subprotocol, other way round": {
			"/graphql/realtime", nil, []string{"header-" + base64.RawURLEncoding.EncodeToString(auth), "graphql-ws"},
		},
		"headers": {"/graphql", http.Header{"X-Api-Key": {"da2-another"}}, []string{"graphql-ws"}},
		"host without its port": {
			"/graphql?header=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(authJSON(name, "da2-another")))),
			nil,
			[]string{"graphql-ws"},
		},
		"names in capitals": {
			"/graphql?header=" + url.QueryEscape(base64.StdEncoding.EncodeToString(
				[]byte(`{"Host":"`+s.host()+`","X-API-KEY":"da2-another"}`))), nil, []string{"graphql-ws"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(row.path, row.header, row.subprotocols...)
			require.Equal(t, "graphql-ws", c.Subprotocol())
			c.send(`{"type":"connection_init"}`)
			require.JSONEq(t, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, c.receive())
			require.JSONEq(t, `{"type":"ka"}`, c.receive())
		})
	}
}

// Each is upgraded, gets a connection_error, and is closed with 1000.
func TestRefusedUpgrades(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	form := func(auth string) string {
		return "/graphql?payload=e30=&header=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(auth)))
	}
	good := form(authJSON(s.host(), gateway.APIKey))
	for name, row := range map[string]struct {
		path         string
		subprotocols []string
		wrong        string
	}{
		"no subprotocol":    {good, nil, `{"message":"NoProtocolError","errorCode":400}`},
		"wrong subprotocol": {good, []string{"graphql-transport-ws"}, `{"message":"SubProtocolNotSupportedError","errorCode":400}`},
		"no credentials":    {"/graphql", []string{"graphql-ws"}, `{"message":"Required headers are missing.","errorCode":400}`},
		"no host":           {form(`{"x-api-key":"` + gateway.APIKey + `"}`), []string{"graphql-ws"}, `{"message":"Required headers are missing.","errorCode":400}`},
		"wrong key": {
			form(authJSON(s.host(), "da2-wrong")),
			[]string{"graphql-ws"},
			`{"errorType":"UnauthorizedException","message":"You are not authorized to make this call.","errorCode":401}`,
		},
		"no key": {
			form(`{"host":"` + s.host() + `","Authorization":"some token"}`),
			[]string{"graphql-ws"},
			`{"errorType":"UnauthorizedException","message":"You are not authorized to make this call.","errorCode":401}`,
		},
		"another host": {
			form(authJSON("example.com", gateway.APIKey)),
			[]string{"graphql-ws"},
			`{"errorType":"com.amazon.coral.service.http#HttpNotFoundException","errorCode":400}`,
		},
		"no base64": {
			"/graphql?header=%21",
			[]string{"graphql-ws"},
			`{"errorType":"BadRequestException","message":"Unable to parse the authorization header.","errorCode":400}`,
		},
		"no JSON": {
			form("host"),
			[]string{"graphql-ws"},
			`{"errorType":"BadRequestException","message":"Unable to parse the authorization header.","errorCode":400}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(row.path, nil, row.subprotocols...)
			require.JSONEq(t, `{"type":"connection_error","payload":{"errors":[`+row.wrong+`]}}`, c.receive())
			code, _ := c.ended()
			require.Equal(t, websocket.CloseNormalClosure, code)
		})
	}
	side := s.eventually("closed", func(s gateway.Stats) bool { return s.AppSync.Open == 0 }).AppSync
	require.EqualValues(t, 9, side.Refused)
	require.EqualValues(t, 9, side.Errors)
	require.Zero(t, side.Accepted)
}

// What a connected client gets for each message that it may send.
func TestMessages(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	start := func(id, payload string) string { return `{"id":"` + id + `","type":"start","payload":` + payload + `}` }
	payload := func(data string) string {
		return fmt.Sprintf(`{"data":%q,"extensions":{"authorization":%s}}`, data, authJSON(s.host(), gateway.APIKey))
	}
	unsupported := `{"type":"error","payload":{"errors":[{"errorType":"UnsupportedOperation",` +
		`"message":"unknown not supported through the realtime channel","errorCode":400}]}}`
	good := `{"query":"subscription { onCreateRoom { id } }"}`
	for name, row := range map[string]struct{ sends, receives string }{
		"no JSON":           {`hello`, unsupported},
		"no object":         {`[]`, unsupported},
		"unknown type":      {`{"type":"subscribe"}`, unsupported},
		"start":             {start("1", payload(good)), `{"id":"1","type":"start_ack"}`},
		"start, odd id":     {start(`\"<1>\u00e9`, payload(good)), `{"id":"\"<1>é","type":"start_ack"}`},
		"query for data":    {start("1", `{"query":"subscription { onCreateRoom { id } }"}`), unsupported},
		"no authorization":  {start("1", fmt.Sprintf(`{"data":%q}`, good)), unsupported},
		"no id":             {`{"type":"start","payload":` + payload(good) + `}`, unsupported},
		"a number for id":   {`{"id":1,"type":"start","payload":` + payload(good) + `}`, unsupported},
		"stop what is not":  {`{"id":"7","type":"stop"}`, `{"id":"7","type":"error","payload":{"errors":[{"errorType":"UnknownOperationError","message":"Unknown operation id 7"}]}}`},
		"wrong key":         {start("1", fmt.Sprintf(`{"data":%q,"extensions":{"authorization":%s}}`, good, authJSON(s.host(), "da2-wrong"))), `{"id":"1","type":"error","payload":{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call.","errorCode":401}]}}`},
		"another host":      {start("1", fmt.Sprintf(`{"data":%q,"extensions":{"authorization":%s}}`, good, authJSON("example.com", gateway.APIKey))), `{"id":"1","type":"error","payload":{"errors":[{"errorType":"com.amazon.coral.service.http#HttpNotFoundException","errorCode":400}]}}`},
		"a query":           {start("1", payload(`{"query":"{ listRooms { items { id } } }"}`)), unsupported},
		"a query of types":  {start("1", payload(`{"query":"{ __typename }"}`)), unsupported},
		"a mutation":        {start("1", payload(`{"query":"mutation { createRoom(input: { title: \"t\" }) { id } }"}`)), unsupported},
		"data that is text": {start("1", payload(`subscription { onCreateRoom { id } }`)), ``},
		"no such field":     {start("1", payload(`{"query":"subscription { onCreateRoom { colour } }"}`)), `{"id":"1","type":"error","payload":{"errors":[{"message":"Validation error of type FieldUndefined: Field 'colour' in type 'Room' is undefined @ 'onCreateRoom/colour'","locations":[{"line":1,"column":31,"sourceName":null}]}]}}`},
		"variable missing":  {start("1", payload(`{"query":"subscription($t: String!) { onCreateRoom(title: $t) { id } }"}`)), `{"id":"1","type":"error","payload":{"errors":[{"message":"Variable 't' has coerced Null value for NonNull type 'String!'","locations":[{"line":1,"column":14,"sourceName":null}]}]}}`},
		"two root fields": {
			start("1", payload(`{"query":"subscription { a: onCreateRoom { id } b: onCreateRoom { id } }"}`)),
			`{"id":"1","type":"error","payload":{"errors":[{"errorType":"DuplicatedOperationError",` +
				`"locations":[{"line":1,"column":39,"sourceName":null}],"message":"A subscription must have only one root field."}]}}`,
		},
		"a syntax error": {start("1", payload(`{"query":"subscription {"}`)), ``},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.realtime()
			c.send(row.sends)
			received := c.receive()
			if row.receives != "" {
				require.JSONEq(t, row.receives, received)
				return
			}
			require.Equal(t, "error", gjson.Get(received, "type").Str)
			require.Equal(t, "1", gjson.Get(received, "id").Str)
			require.NotEmpty(t, gjson.Get(received, "payload.errors.0.message").Str)
		})
	}
	require.Empty(t, gjson.Get(s.mutate("{ id }", "t"), "errors").Raw, "the refused mutation created nothing")
	require.EqualValues(t, 1, s.stats().AppSync.Totals.Unstamped)
}

func TestLifeOfASubscription(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	c := s.subscribed(onCreateRoom, nil)
	c.start("1", onCreateRoom, nil)
	require.Contains(t, c.receive(), "DuplicatedOperationError")
	c.start("2", "subscription { onCreateRoom { title } }", nil)
	require.JSONEq(t, `{"id":"2","type":"start_ack"}`, c.receive())
	require.Equal(t, 1, s.stats().AppSync.Ready)

	s.mutate("{ id title }", "both")
	received := map[string]string{}
	for range 2 {
		text := c.receive()
		received[gjson.Get(text, "id").Str] = gjson.Get(text, "payload.data.onCreateRoom.title").Str
	}
	require.Equal(t, map[string]string{"1": "both", "2": "both"}, received)

	c.send(`{"id":"1","type":"stop"}`)
	require.JSONEq(t, `{"id":"1","type":"complete"}`, c.receive())
	s.mutate("{ id title }", "one")
	require.Equal(t, "2", gjson.Get(c.receive(), "id").Str)
	c.send(`{"id":"2","type":"stop"}`)
	require.JSONEq(t, `{"id":"2","type":"complete"}`, c.receive())
	require.Zero(t, s.stats().AppSync.Ready)

	c.start("1", onCreateRoom, nil)
	require.JSONEq(t, `{"id":"1","type":"start_ack"}`, c.receive(), "the id is free again")
	require.NoError(t, c.Close())
	s.eventually("closed", func(s gateway.Stats) bool { return s.AppSync.Open == 0 && s.AppSync.Ready == 0 })
}

func TestSubscriptionsOfAConnectionAreLimited(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	c := s.realtime()
	for i := range 200 {
		c.start(fmt.Sprint(i), onCreateRoom, nil)
		require.Contains(t, c.receive(), "start_ack")
	}
	c.start("200", onCreateRoom, nil)
	require.JSONEq(t, `{"id":"200","type":"error","payload":{"errors":[{"errorType":"MaxSubscriptionsReachedError",`+
		`"message":"Max number of 200 subscriptions reached"}]}}`, c.receive())
}

// Whether a subscription with arguments gets a room {title: "tea", owner: "me"}.
func TestArgumentsFilter(t *testing.T) {
	t.Parallel()
	const byVariable = "subscription($t: String, $o: String) { onCreateRoom(title: $t, owner: $o) { id } }"
	for name, row := range map[string]struct {
		query     string
		variables map[string]any
		selection string
		receives  bool
	}{
		"none":                   {"subscription { onCreateRoom { id } }", nil, "{ id }", true},
		"equal":                  {`subscription { onCreateRoom(title: "tea") { id } }`, nil, "{ id title }", true},
		"different":              {`subscription { onCreateRoom(title: "pot") { id } }`, nil, "{ id title }", false},
		"both equal":             {`subscription { onCreateRoom(title: "tea", owner: "me") { id } }`, nil, "{ id title owner }", true},
		"one different":          {`subscription { onCreateRoom(title: "tea", owner: "you") { id } }`, nil, "{ id title owner }", false},
		"null":                   {"subscription { onCreateRoom(owner: null) { id } }", nil, "{ id owner }", false},
		"null and not selected":  {"subscription { onCreateRoom(owner: null) { id } }", nil, "{ id title }", true},
		"equal but not selected": {`subscription { onCreateRoom(owner: "me") { id } }`, nil, "{ id title }", false},
		"id":                     {`subscription { onCreateRoom(id: 7) { id } }`, nil, "{ id }", false},
		"variable":               {byVariable, map[string]any{"t": "tea"}, "{ id title owner }", true},
		"variable, different":    {byVariable, map[string]any{"t": "pot"}, "{ id title owner }", false},
		"variables not given":    {byVariable, nil, "{ id title owner }", true},
		"variable given as null": {byVariable, map[string]any{"o": nil}, "{ id title owner }", false},
		"default, equal":         {`subscription($t: String = "tea") { onCreateRoom(title: $t) { id } }`, nil, "{ id title }", true},
		"default, different":     {`subscription($t: String = "pot") { onCreateRoom(title: $t) { id } }`, nil, "{ id title }", false},
		"default, given":         {`subscription($t: String = "pot") { onCreateRoom(title: $t) { id } }`, map[string]any{"t": "tea"}, "{ id title }", true},
		"default, given as null": {`subscription($t: String = "tea") { onCreateRoom(title: $t) { id } }`, map[string]any{"t": nil}, "{ id title }", false},
		"required variable":      {"subscription($t: String!) { onCreateRoom(title: $t) { id } }", map[string]any{"t": "pot"}, "{ id title }", false},
		"variable not declared":  {onCreateRoom, map[string]any{"x": 1}, "{ id title }", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, gateway.Config{})
			c := s.subscribed(row.query, row.variables)
			s.mutate(row.selection, "tea")
			s.eventually("delivered", func(s gateway.Stats) bool { return s.AppSync.Totals.Pending == 0 })
			c.send(`{"id":"1","type":"stop"}`)
			require.Equal(t, row.receives, gjson.Get(c.receive(), "type").Str == "data")
		})
	}
}

// A subscriber gets the fields that both the mutation and the subscription select.
func TestSelectionSets(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	for name, row := range map[string]struct{ mutation, subscription, payload string }{
		"same":             {"{ title owner }", "{ title owner }", `{"data":{"onCreateRoom":{"title":"tea","owner":"me"}}}`},
		"mutation more":    {"{ id title owner createdAt }", "{ title }", `{"data":{"onCreateRoom":{"title":"tea"}}}`},
		"nullable missing": {"{ title }", "{ title owner }", `{"data":{"onCreateRoom":{"title":"tea","owner":null}}}`},
		"aliases":          {"{ t: title }", "{ name: title kind: __typename }", `{"data":{"onCreateRoom":{"name":"tea","kind":"Room"}}}`},
		"fragment":         {"{ ...f } } fragment f on Room { title", "{ ... on Room { title } }", `{"data":{"onCreateRoom":{"title":"tea"}}}`},
		"required missing": {
			"{ id }", "{ title }",
			`{"data":{"onCreateRoom":null},"errors":[{"path":["onCreateRoom","title"],"locations":null,` +
				`"message":"Cannot return null for non-nullable type: 'String' within parent 'Room' (/onCreateRoom/title)"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.subscribed("subscription { onCreateRoom "+row.subscription+" }", nil)
			s.mutate(row.mutation, "tea")
			require.JSONEq(t, row.payload, gjson.Get(c.receive(), "payload").Raw)
			require.NoError(t, c.Close())
			s.eventually("closed", func(s gateway.Stats) bool { return s.AppSync.Open == 0 })
		})
	}
}

// As on AWS the mutation succeeds, and no subscriber gets it.
func TestAPayloadThatIsTooLongIsLost(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	c := s.subscribed(onCreateRoom, nil)
	s.mutate("{ id title }", strings.Repeat("x", 240<<10))
	s.mutate("{ id title }", "short")
	require.Equal(t, "short", gjson.Get(c.receive(), "payload.data.onCreateRoom.title").Str)
	side := s.eventually("delivered", func(s gateway.Stats) bool { return s.AppSync.Totals.Pending == 0 }).AppSync
	require.EqualValues(t, 1, side.Totals.Dropped)
	require.EqualValues(t, 1, side.DroppedOpen)
}

func TestGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	const unauthorized = `{"errors":[{"errorType":"UnauthorizedException","message":"You are not authorized to make this call."}]}`
	const unreadable = `{"errors":[{"errorType":"MalformedHttpRequestException","message":"Unable to parse GraphQL query."}]}`
	for name, row := range map[string]struct {
		key, body string
		status    int
		kind      string
		answer    string
	}{
		"no key":      {"", `{"query":"{ listRooms { items { id } } }"}`, http.StatusUnauthorized, "UnauthorizedException", unauthorized},
		"wrong key":   {"da2-wrong", `{}`, http.StatusUnauthorized, "UnauthorizedException", unauthorized},
		"empty":       {gateway.APIKey, ``, http.StatusBadRequest, "MalformedHttpRequestException", `{"errors":[{"errorType":"MalformedHttpRequestException","message":"Request body is empty."}]}`},
		"no JSON":     {gateway.APIKey, `query`, http.StatusBadRequest, "MalformedHttpRequestException", unreadable},
		"no query":    {gateway.APIKey, `{}`, http.StatusBadRequest, "MalformedHttpRequestException", unreadable},
		"a list":      {gateway.APIKey, `[]`, http.StatusBadRequest, "MalformedHttpRequestException", unreadable},
		"no rooms":    {gateway.APIKey, `{"query":"{ listRooms { items { id } } }"}`, http.StatusOK, "", `{"data":{"listRooms":{"items":[]}}}`},
		"no room":     {gateway.APIKey, `{"query":"query($i: ID!) { getRoom(id: $i) { id } }","variables":{"i":"x"}}`, http.StatusOK, "", `{"data":{"getRoom":null}}`},
		"no variable": {gateway.APIKey, `{"query":"query($i: ID!) { getRoom(id: $i) { id } }"}`, http.StatusOK, "", ""},
		"no field":    {gateway.APIKey, `{"query":"{ listChairs { id } }"}`, http.StatusOK, "", ""},
		"which one":   {gateway.APIKey, `{"query":"query a { __typename } query b { __typename }"}`, http.StatusOK, "", ""},
		"that one":    {gateway.APIKey, `{"query":"query a { __typename } query b { b: __typename }","operationName":"b"}`, http.StatusOK, "", `{"data":{"b":"Query"}}`},
		"subscribing": {gateway.APIKey, `{"query":"subscription { onCreateRoom { id } }"}`, http.StatusOK, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if row.key != "" {
				headers = []string{"x-api-key", row.key}
			}
			status, header, answer := s.do(http.MethodPost, "/graphql", row.body, headers...)
			require.Equal(t, row.status, status)
			require.Equal(t, row.kind, header.Get("x-amzn-ErrorType"))
			require.NotEmpty(t, header.Get("x-amzn-RequestId"))
			if row.answer != "" {
				require.JSONEq(t, row.answer, answer)
				return
			}
			require.Equal(t, gjson.Null, gjson.Get(answer, "data").Type)
			require.NotEmpty(t, gjson.Get(answer, "errors.0.message").Str)
		})
	}
}

func TestRoomsCanBeQueried(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	ask := func(query string) string {
		_, _, answer := s.do(http.MethodPost, "/graphql", fmt.Sprintf(`{"query":%q}`, query), "x-api-key", gateway.APIKey)
		return answer
	}
	var id string
	for i := range 1003 { // more than are kept
		id = gjson.Get(s.mutate("{ id }", fmt.Sprint("room-", i)), "data.createRoom.id").Str
	}
	require.JSONEq(t, `{"data":{"getRoom":{"title":"room-1002","owner":"me"}}}`, ask(`{ getRoom(id: "`+id+`") { title owner } }`))
	require.JSONEq(t, `{"data":{"listRooms":{"items":[{"title":"room-1002"},{"title":"room-1001"}]}}}`,
		ask(`{ listRooms(limit: 2) { items { title } } }`))
	require.Len(t, gjson.Get(ask(`{ listRooms(limit: 9999) { items { id } } }`), "data.listRooms.items").Array(), 1000)
	require.Len(t, gjson.Get(ask(`{ listRooms { items { id } } }`), "data.listRooms.items").Array(), 100)
}

func TestKeepAliveGoesOn(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{KeepAlive: time.Millisecond})
	c := s.dial("/graphql", http.Header{"x-api-key": {gateway.APIKey}}, "graphql-ws")
	for range 5 {
		require.JSONEq(t, `{"type":"ka"}`, c.receive())
	}
}
