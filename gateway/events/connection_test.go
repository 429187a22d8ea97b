package events

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// What is wrong with a message is said in a frame of its own type, or in an error frame
// without an id where it is no operation at all.
func TestMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.subscribe("taken", "default/a")
	const event = `["{}"]`
	for name, row := range map[string]struct{ text, kind, id, errorType string }{
		"no JSON":           {`{`, "error", "", "UnsupportedOperation"},
		"a list":            {`[]`, "error", "", "UnsupportedOperation"},
		"unknown":           {`{"type":"start","id":"1"}`, "error", "", "UnsupportedOperation"},
		"no id":             {`{"type":"publish"}`, "error", "", "BadRequestException"},
		"an impossible id":  {subscribeText("a b", "default/a"), "error", "", "BadRequestException"},
		"a long id":         {subscribeText(strings.Repeat("a", 129), "default/a"), "error", "", "BadRequestException"},
		"no authorization":  {`{"type":"subscribe","id":"1","channel":"default/a"}`, "subscribe_error", "1", "UnauthorizedException"},
		"a wrong key":       {`{"type":"subscribe","id":"1","channel":"default/a","authorization":{"x-api-key":"other"}}`, "subscribe_error", "1", "UnauthorizedException"},
		"a wrong host":      {`{"type":"subscribe","id":"1","channel":"default/a","authorization":{"host":"other","x-api-key":"` + apiKey + `"}}`, "subscribe_error", "1", "com.amazon.coral.service.http#HttpNotFoundException"},
		"no such namespace": {subscribeText("1", "elsewhere/a"), "subscribe_error", "1", "ResourceNotFound"},
		"no channel":        {subscribeText("1", ""), "subscribe_error", "1", "BadRequestException"},
		"id in use":         {subscribeText("taken", "default/b"), "subscribe_error", "taken", "DuplicatedOperationError"},
		"unknown id":        {`{"type":"unsubscribe","id":"2"}`, "unsubscribe_error", "2", "UnknownOperationError"},
		"publish, in use":   {publishText("taken", "default/a", event), "publish_error", "taken", "DuplicatedOperationError"},
		"publish, wild":     {publishText("3", "default/*", event), "publish_error", "3", "BadRequestException"},
		"publish, nowhere":  {publishText("3", "elsewhere/a", event), "publish_error", "3", "ResourceNotFound"},
		"publish, none":     {publishText("3", "default/a", `[]`), "publish_error", "3", "BadRequestException"},
		"publish, objects":  {publishText("3", "default/a", `[{}]`), "publish_error", "3", "BadRequestException"},
		"publish, a string": {publishText("3", "default/a", `"{}"`), "publish_error", "3", "BadRequestException"},
		"publish, six":      {publishText("3", "default/a", `["1","1","1","1","1","1"]`), "publish_error", "3", "InvalidInputError"},
		"publish, no key":   {`{"type":"publish","id":"3","channel":"default/a","events":["1"]}`, "publish_error", "3", "UnauthorizedException"},
	} {
		c.send(row.text)
		frame := gjson.Parse(c.receive())
		require.Equal(t, [3]string{row.kind, row.id, row.errorType},
			[3]string{frame.Get("type").Str, frame.Get("id").Str, frame.Get("errors.0.errorType").Str}, name)
	}
	require.Eventually(t, func() bool { return f.gateway.Hub.Counters.Errors.Load() == 21 }, timeout, time.Millisecond)
	require.EqualValues(t, 1, f.gateway.Ready.Load())
	require.Zero(t, f.gateway.Tally.Report().Totals.Unstamped, "nothing was published")
}

func TestSubscribeAndUnsubscribe(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.subscribe("a", "default/a")
	c.subscribe("w", "/default/*")
	f.publishOne("default/a", `1`)
	require.ElementsMatch(t, []string{`{"id":"a","type":"data","event":"1"}`, `{"id":"w","type":"data","event":"1"}`}, []string{c.receive(), c.receive()})
	f.publishOne("/default/b/c/", `2`)
	require.JSONEq(t, `{"id":"w","type":"data","event":"2"}`, c.receive())
	f.publishOne("other/a", `3`) // nobody's
	c.ask(`{"type":"unsubscribe","id":"w"}`, `{"type":"unsubscribe_success","id":"w"}`)
	f.publishOne("default/b", `4`) // nobody's any more
	f.publishOne("default/a", `{"n":"<5>"}`)
	require.JSONEq(t, `{"id":"a","type":"data","event":"{\"n\":\"<5>\"}"}`, c.receive())
	c.ask(`{"type":"unsubscribe","id":"a"}`, `{"type":"unsubscribe_success","id":"a"}`)
	require.Zero(t, f.gateway.Ready.Load())
	require.Empty(t, f.gateway.broker.audiences, "audiences without members are not kept")
	require.EqualValues(t, 4, f.gateway.Tally.Report().Totals.Audience)
}

// publishOne publishes one event over HTTP; it is written as JSON.
func (f *fixture) publishOne(channel, event string) {
	f.Helper()
	status, answer := f.post(fmt.Sprintf(`{"channel":%q,"events":[%q]}`, channel, event))
	require.Equal(f, http.StatusOK, status, answer)
}

func TestSubscriptionsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	for i := range maxSubscriptions {
		c.subscribe(fmt.Sprint(i), "default/a")
	}
	c.send(subscribeText("more", "default/a"))
	require.Contains(t, c.receive(), "MaxSubscriptionsReachedError")
	require.NoError(t, c.Close())
	require.Eventually(t, func() bool {
		f.gateway.broker.mu.Lock()
		defer f.gateway.broker.mu.Unlock()
		return len(f.gateway.broker.audiences) == 0 && f.gateway.Ready.Load() == 0
	}, timeout, time.Millisecond, "who leaves takes its subscriptions with it")
}

// Publishing needs no subscription. A publisher that has subscribed hears itself, and each
// event comes in a frame of its own.
func TestPublishOverTheSocket(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.send(publishText("p0", "default/a", `["0"]`))
	require.Equal(t, "publish_success", gjson.Get(c.receive(), "type").Str)
	c.subscribe("s", "default/a")
	c.send(publishText("p1", "/default/a", `["1","\"two\"","{not JSON","{\"three\":3}"]`))
	var events []string
	for len(events) < 4 {
		frame := gjson.Parse(c.receive())
		if frame.Get("type").Str == "data" {
			events = append(events, frame.Get("event").Str)
			continue
		}
		events = append(events, "")
		require.Equal(t, "p1", frame.Get("id").Str)
		require.Equal(t, "[0,1,3]", frame.Get("successful.#.index").Raw)
		require.Len(t, frame.Get("successful.0.identifier").Str, 36)
		require.Equal(t, "[2]", frame.Get("failed.#.index").Raw)
		require.EqualValues(t, http.StatusBadRequest, frame.Get("failed.0.code").Int())
	}
	require.ElementsMatch(t, []string{"", "1", `"two"`, `{"three":3}`}, events)
}

func TestThePublishRateIsLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{PublishRate: 3})
	c, other := f.dial(), f.dial()
	refused := 0
	for i := range 30 {
		c.send(publishText(fmt.Sprint(i), "default/a", `["1"]`))
		if frame := gjson.Parse(c.receive()); frame.Get("type").Str == "publish_error" {
			require.Equal(t, "LimitExceededError", frame.Get("errors.0.errorType").Str)
			refused++
		}
	}
	require.Positive(t, refused)
	other.send(publishText("1", "default/a", `["1"]`))
	require.Contains(t, other.receive(), "publish_success", "each connection has its own")
}

func TestFormsOfEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.subscribe("s", "default/a")
	for form, want := range map[string]string{
		"list": `["{\"a\":1}"]`, "object": `{"a":1}`, "string": `"{\"a\":1}"`,
	} {
		f.fault(`{"eventForm": "` + form + `"}`)
		f.publishOne("default/a", `{"a":1}`)
		require.JSONEq(t, `{"id":"s","type":"data","event":`+want+`}`, c.receive())
	}
}

// A broadcast_error names the subscription, and the event comes all the same.
func TestBroadcastErrors(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.subscribe("s", "default/a")
	f.fault(`{"errors": 1}`)
	f.publishOne("default/a", `1`)
	require.JSONEq(t, `{"id":"s","type":"broadcast_error","errors":[{"errorType":"MessageProcessingError","message":"Unable to process message"}]}`, c.receive())
	require.JSONEq(t, `{"id":"s","type":"data","event":"1"}`, c.receive())
}
