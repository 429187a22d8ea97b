package appsync

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// A subscription is registered before start_ack is written: there is no start_ack while
// it can't be registered.
func TestASubscriptionIsRegisteredBeforeItIsAcknowledged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	f.gateway.broker.mu.Lock()
	send(t, conn, f.start("1", anyRoom))
	time.Sleep(100 * time.Millisecond) // in which it must not be written
	early := f.gateway.Hub.Counters.FramesOut.Load()
	f.gateway.broker.mu.Unlock()
	require.Zero(t, early)
	require.Contains(t, receive(t, conn), "start_ack")
}

// A start is checked in this order: form, host, key, id, number, document.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	f.subscribe(conn, "1", anyRoom)
	start := func(id, document, host, key string) string {
		return fmt.Sprintf(`{"id":%q,"type":"start","payload":{"data":%q,"extensions":{"authorization":{"host":%q,"x-api-key":%q}}}}`,
			id, document, host, key)
	}
	for _, row := range []struct{ text, want string }{
		{start("", "{", "other", "wrong"), "UnsupportedOperation"},
		{start("1", "{", "other", "wrong"), "HttpNotFoundException"},
		{start("1", "{", f.host(), "wrong"), "UnauthorizedException"},
		{start("1", "{", f.host(), apiKey), "DuplicatedOperationError"},
		{start("2", "{", f.host(), apiKey), "BadRequestException"},
		{start("failed", `{"query":"subscription { x }"}`, f.host(), apiKey), "Validation error of type FieldUndefined"},
	} {
		send(t, conn, row.text)
		require.Contains(t, receive(t, conn), row.want)
	}
	for i := 2; i <= maxSubscriptions; i++ {
		f.subscribe(conn, fmt.Sprint("number ", i), anyRoom)
	}
	send(t, conn, f.start("1", "{"))
	require.Contains(t, receive(t, conn), "DuplicatedOperationError")
	send(t, conn, f.start("201", "{"))
	require.Contains(t, receive(t, conn), "MaxSubscriptionsReachedError")
	send(t, conn, `{"id":"1","type":"stop"}`)
	require.Contains(t, receive(t, conn), "complete")
	f.subscribe(conn, "201", anyRoom)
}

// Ready counts connections, each once, while they have a subscription.
func TestReadyCountsConnections(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	first, second := f.dial(), f.dial()
	require.Zero(t, f.gateway.Ready.Load())
	f.subscribe(first, "1", anyRoom)
	f.subscribe(first, "2", anyRoom)
	f.subscribe(second, "1", anyRoom)
	require.EqualValues(t, 2, f.gateway.Ready.Load())
	send(t, first, `{"id":"1","type":"stop"}`)
	receive(t, first)
	require.EqualValues(t, 2, f.gateway.Ready.Load())
	send(t, first, `{"id":"2","type":"stop"}`)
	receive(t, first)
	require.EqualValues(t, 1, f.gateway.Ready.Load())
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	require.Eventually(t, func() bool { return len(f.gateway.Hub.Conns()) == 0 }, timeout, time.Millisecond)
	f.gateway.Close()
	require.Zero(t, f.gateway.Ready.Load())
	require.Empty(t, f.gateway.broker.groups)
}

// A subscription is deaf from when it was acknowledged.
func TestDeafness(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	f.fault(`{"deaf": "1h"}`)
	f.subscribe(conn, "1", anyRoom)
	f.publish("x")
	require.Eventually(t, func() bool { return f.gateway.Tally.Report().Totals.Pending == 0 }, timeout, time.Millisecond)
	require.Equal(t, truth.Counts{Audience: 1, Deaf: 1}, f.gateway.Tally.Report().Totals.Counts)
	require.EqualValues(t, 1, f.gateway.Tally.Withheld(&f.gateway.Hub.Conns()[0].Withheld))
}

// An error frame that a fault demands has no id, and is counted.
func TestErrorFramesOfFaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	f.subscribe(conn, "1", anyRoom)
	f.fault(`{"errors": 1}`)
	f.publish("x")
	require.JSONEq(t, `{"type":"error","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`,
		receive(t, conn))
	require.Contains(t, receive(t, conn), `"data"`)
	require.EqualValues(t, 1, f.gateway.Hub.Counters.Errors.Load())
}

func TestNoKeepAliveAfterAnInit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.fault(`{"stopKeepAlive": true}`)
	conn := f.dial()
	send(t, conn, `{"type":"connection_init"}`)
	require.Contains(t, receive(t, conn), "connection_ack")
	f.subscribe(conn, "1", anyRoom)
}

// Exactly the subscription that is stopped ends.
func TestStopEndsOneOfSeveral(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	for _, id := range []string{"1", "2", "3"} {
		f.subscribe(conn, id, anyRoom)
	}
	send(t, conn, `{"id":"2","type":"stop"}`)
	require.JSONEq(t, `{"id":"2","type":"complete"}`, receive(t, conn))
	f.publish("x")
	ids := []string{gjson.Get(receive(t, conn), "id").Str, gjson.Get(receive(t, conn), "id").Str}
	require.ElementsMatch(t, []string{"1", "3"}, ids)
	send(t, conn, `{"id":"2","type":"stop"}`)
	require.Contains(t, receive(t, conn), "UnknownOperationError")
	for _, id := range []string{"1", "3"} {
		send(t, conn, f.start(id, anyRoom))
		require.Contains(t, receive(t, conn), "DuplicatedOperationError")
	}
	f.subscribe(conn, "2", anyRoom)
}

// The id of a start that failed can't be used again, whatever was wrong with it.
func TestIDsOfFailedStarts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	wrongKey := strings.Replace(f.start("key", anyRoom), apiKey, "da2-wrong", 1)
	for id, row := range map[string]struct{ text, want string }{
		"key":      {wrongKey, "UnauthorizedException"},
		"json":     {f.start("json", "{"), "BadRequestException"},
		"document": {f.start("document", `{"query":"subscription { x }"}`), "FieldUndefined"},
		"variable": {f.start("variable", `{"query":"subscription($t: String!) { onCreateRoom(title: $t) { id } }"}`), "coerced Null"},
	} {
		send(t, conn, row.text)
		require.Contains(t, receive(t, conn), row.want)
		send(t, conn, f.start(id, anyRoom))
		require.Contains(t, receive(t, conn), "DuplicatedOperationError", id)
	}
	f.subscribe(f.dial(), "key", anyRoom) // other connections have ids of their own
	send(t, conn, f.start("query", `{"query":"{ __typename }"}`))
	require.Contains(t, receive(t, conn), "UnsupportedOperation")
	f.subscribe(conn, "query", anyRoom)
}

// What comes between connection_init and connection_ack is ignored, and without a
// connection_init nothing is.
func TestMessagesBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{AckDelay: time.Second})
	conn := f.dial()
	f.subscribe(conn, "1", anyRoom)
	send(t, conn, `{"type":"connection_init"}`)
	send(t, conn, f.start("2", anyRoom))
	require.Contains(t, receive(t, conn), "connection_ack")
	require.JSONEq(t, `{"type":"ka"}`, receive(t, conn))
	f.subscribe(conn, "2", anyRoom)
}

func TestStartsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{Rate: 1})
	f.gateway.starts.SetLimit(0) // no further one is allowed, however long this takes
	conn := f.dial()
	f.subscribe(conn, "1", anyRoom)
	send(t, conn, f.start("2", anyRoom))
	require.JSONEq(t, `{"type":"error","payload":{"errors":[{"errorType":"LimitExceededError","message":"Rate limit exceeded"}]}}`, receive(t, conn))
}

func TestErrorsThatAreNoList(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{SingleErrors: true})
	conn := f.dial()
	for i := range maxSubscriptions {
		f.subscribe(conn, fmt.Sprint(i), anyRoom)
	}
	send(t, conn, f.start("one more", anyRoom))
	require.JSONEq(t, `{"id":"one more","type":"error","payload":{"errors":{"errorType":"MaxSubscriptionsReachedError",
		"message":"Max number of 200 subscriptions reached"}}}`, receive(t, conn))
	send(t, conn, f.start("1", anyRoom))
	require.Contains(t, receive(t, conn), `"errors":[{"errorType":"DuplicatedOperationError"`)
}

// A field that is denied is null in an answer, and a subscription to it is refused.
func TestDeniedFields(t *testing.T) {
	t.Parallel()
	schema := Blog()
	require.NoError(t, schema.Deny([]string{"Mutation.createRoom", "Subscription.onCreateRoom"}))
	f := newFixture(t, Config{Schema: schema})
	w := f.post(`{"query":"mutation { createRoom(input: { title: \"x\" }) { id } }"}`)
	require.Equal(t, http.StatusOK, w.Code)
	require.JSONEq(t, `{"data":{"createRoom":null},"errors":[{"path":["createRoom"],"errorType":"Unauthorized",
		"locations":[{"line":1,"column":12,"sourceName":null}],"message":"Not Authorized to access createRoom on type Mutation"}]}`, w.Body.String())
	conn := f.dial()
	send(t, conn, f.start("1", anyRoom))
	require.JSONEq(t, `{"id":"1","type":"error","payload":{"errors":[{"errorType":"Unauthorized",
		"locations":[{"line":1,"column":16,"sourceName":null}],"message":"Not Authorized to access onCreateRoom on type Subscription"}]}}`, receive(t, conn))
	require.Error(t, schema.Deny([]string{"Room.id"}))
	require.Error(t, schema.Deny([]string{"Query.nothing"}))
	require.Error(t, schema.Deny([]string{"createRoom"}))
}

// While no ka is to be sent they stay scheduled, and go on afterwards.
func TestKeepAlivesGoOnAfterAFault(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{KeepAlive: 20 * time.Millisecond})
	f.fault(`{"stopKeepAlive": true}`)
	conn := f.dial()
	time.Sleep(100 * time.Millisecond)
	require.Zero(t, f.gateway.Hub.Counters.FramesOut.Load())
	f.faults.Set(fault.Settings{})
	require.JSONEq(t, `{"type":"ka"}`, receive(t, conn))
	require.JSONEq(t, `{"type":"ka"}`, receive(t, conn))
}
