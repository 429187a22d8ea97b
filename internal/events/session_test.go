package events

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

func TestSession(t *testing.T) {
	t.Parallel()
	const minutes = 240 * time.Second
	broken := &dialect.Error{Name: FailedEvent, Code: 500, Message: "b"}
	bad := &dialect.Error{Name: "BadRequest", Code: 400, Message: "c"}
	tests := []struct {
		name          string
		subscriptions int // of the handshake
		turns         []turn
	}{
		{"a listener", 1, []turn{
			receive(ack, started("1", minutes)),
			receive(`{"type":"ka"}`, about(dialect.KeepAlive, "")),
			receive(`{"type":"subscribe_success","id":"1"}`, subscribed(dialect.Ready, "1")),
			receive(`{"type":"data","id":"1","event":"{\"n\":1}"}`, about(dialect.Data, "1")),
			receive(`{"event":["{\"n\":1}"],"id":"1","type":"data"}`, about(dialect.Data, "1")),
			receive(`{"type":"data","id":"1","event":{"n":1}}`, about(dialect.Data, "1")),
			receive(`{"type":"data","event":"1"}`, about(dialect.Data, "")),
			receive(`{"type":"data","id":"7","event":"1"}`, about(dialect.Data, "")),
			farewell(`{"type":"unsubscribe","id":"1"}`),
			receive(`{"type":"data","id":"1","event":"1"}`, about(dialect.Data, "1")),
			receive(`{"type":"unsubscribe_success","id":"1"}`, about(dialect.Progress, "1")),
			farewell(),
		}},
		{"no subscription", 0, []turn{
			receive(ack, connected),
			receive(ack, unknown),
			receive(`{"type":"subscribe_success","id":"1"}`, unknown),
			farewell(),
		}},
		{"several subscriptions: ready with the last", 3, []turn{
			receive(ack, started("1", minutes), started("2", 0), started("3", 0)),
			receive(`{"type":"subscribe_success","id":"2"}`, subscribed(dialect.Progress, "2")),
			receive(`{"type":"subscribe_success","id":"2"}`, unknown),
			receive(`{"type":"subscribe_success","id":"1"}`, subscribed(dialect.Progress, "1")),
			receive(`{"type":"subscribe_success","id":"3"}`, subscribed(dialect.Ready, "3")),
			subscribe("4"),
			receive(`{"type":"subscribe_success","id":"4"}`, subscribed(dialect.Progress, "4")),
		}},
		{"a keep-alive and data come first", 1, []turn{
			receive(`{"type":"ka"}`, about(dialect.KeepAlive, "")),
			receive(`{"type":"data","id":"1","event":"1"}`, about(dialect.Data, "")),
			receive(`{"type":"subscribe_success","id":"1"}`, unknown),
			receive(ack, started("1", minutes)),
		}},
		{"the connection is refused", 1, []turn{
			receive(`{"type":"connection_error","errors":[{"errorType":"UnauthorizedException","message":"m"}]}`,
				failed(dialect.Refusal, "", &dialect.Error{Name: "Unauthorized", Message: "m"})),
			receive(ack, unknown),
			receive(errorOf("error", ""), failed(dialect.Failure, "", limit)),
			farewell(),
		}},
		{"the connection is refused by an error without id", 1, []turn{
			receive(errorOf("error", ""), failed(dialect.Refusal, "", limit)),
			receive(ack, unknown),
		}},
		{"the connection is refused with a code alone", 1, []turn{
			receive(`{"type":"connection_error","errors":[{"message":"Required headers are missing.","errorCode":400}]}`,
				failed(dialect.Refusal, "", &dialect.Error{Name: "BadRequest", Code: 400, Message: "Required headers are missing."})),
		}},
		{"a subscription is refused", 2, []turn{
			receive(ack, started("1", minutes), started("2", 0)),
			receive(errorOf("subscribe_error", "1"), failed(dialect.Refusal, "1", limit)),
			receive(`{"type":"subscribe_success","id":"1"}`, unknown),
			receive(`{"type":"subscribe_success","id":"2"}`, subscribed(dialect.Progress, "2")),
		}},
		{"errors without id refuse every subscribe that waits, and nothing else", 0, []turn{
			receive(ack, connected),
			subscribe("1"), subscribe("2"), publish("3", 1), subscribe("4"),
			receive(`{"type":"subscribe_success","id":"2"}`, subscribed(dialect.Progress, "2")),
			receive(errorOf("error", ""), failed(dialect.Refusal, "1", limit), failed(dialect.Refusal, "4", limit)),
			receive(errorOf("error", ""), failed(dialect.Failure, "", limit)),
			receive(`{"type":"publish_success","id":"3"}`, replied(about(dialect.Progress, "3"), &Published{events: 1})),
		}},
		{"broadcast_error ends nothing", 1, []turn{
			receive(ack, started("1", minutes)),
			receive(`{"type":"subscribe_success","id":"1"}`, subscribed(dialect.Ready, "1")),
			receive(`{"type":"broadcast_error","id":"1","errors":[{"errorType":"MessageProcessingError","message":"m"}]}`,
				failed(dialect.Failure, "1", &dialect.Error{Name: MessageProcessing, Message: "m"})),
			receive(`{"type":"broadcast_error"}`, failed(dialect.Failure, "", &dialect.Error{Name: realtime.Other})),
			receive(`{"type":"data","id":"1","event":"1"}`, about(dialect.Data, "1")),
		}},
		{"an error about a live subscription ends nothing", 1, []turn{
			receive(ack, started("1", minutes)),
			receive(`{"type":"subscribe_success","id":"1"}`, subscribed(dialect.Ready, "1")),
			receive(errorOf("error", "1"), failed(dialect.Failure, "1", limit)),
			receive(`{"type":"data","id":"1","event":"1"}`, about(dialect.Data, "1")),
		}},
		{"unsubscribing", 0, []turn{
			receive(ack, connected),
			subscribe("1"), subscribe("2"),
			unsubscribe("1", ""),
			receive(`{"type":"unsubscribe_success","id":"1"}`, unknown),
			receive(`{"type":"subscribe_success","id":"1"}`, dialect.Event{
				Kind: dialect.Progress, Request: "1", Counter: realtime.SubscribedCounter, Answer: []byte(`{"type":"unsubscribe","id":"1"}`),
			}),
			receive(`{"type":"unsubscribe_success","id":"1"}`, about(dialect.Progress, "1")),
			receive(`{"type":"subscribe_success","id":"2"}`, subscribed(dialect.Progress, "2")),
			unsubscribe("2", `{"type":"unsubscribe","id":"2"}`),
			unsubscribe("2", ""),
			receive(`{"type":"unsubscribe_error","id":"2","errors":[{"errorType":"UnknownOperationError","message":"m"}]}`,
				failed(dialect.Refusal, "2", &dialect.Error{Name: UnknownOperation, Message: "m"})),
			unsubscribe("3", ""),
			subscribe("3"),
		}},
		{"publishing", 0, []turn{
			receive(ack, connected),
			publish("1", 1), publish("2", 3), publish("3", 2), publish("4", 1), publish("5", 1),
			receive(`{"type":"publish_success","id":"2","successful":[{"identifier":"i","index":1}],"failed":[{"index":2,"code":400,"message":"c"},{"index":0,"code":500,"message":"b"}]}`,
				failed(dialect.Failure, "2", broken), failed(dialect.Failure, "2", bad),
				replied(about(dialect.Progress, "2"), &Published{
					Successful: []Entry{{"i", 1}}, Failed: []Failed{{Entry{"", 0}, broken}, {Entry{"", 2}, bad}}, events: 3,
				})),
			receive(`{"type":"publish_success","id":"1","successful":[{"identifier":"j","index":0}],"failed":[]}`,
				replied(about(dialect.Progress, "1"), &Published{Successful: []Entry{{"j", 0}}, events: 1})),
			receive(`{"type":"publish_success","id":"1"}`, unknown),
			receive(`{"type":"publish_success","id":"3","failed":[{"index":0,"code":500,"message":"b"},{"index":1,"code":400,"message":"c"}]}`,
				failed(dialect.Failure, "3", broken),
				replied(failed(dialect.Refusal, "3", bad), &Published{Failed: []Failed{{Entry{"", 0}, broken}, {Entry{"", 1}, bad}}, events: 2})),
			receive(errorOf("publish_error", "4"), failed(dialect.Refusal, "4", limit)),
			publish("6", 1),
			receive(`{"type":"publish_error","id":"6","errors":[{"errorType":"UnauthorizedException","message":"m"}]}`,
				failed(dialect.Refusal, "6", &dialect.Error{Name: "Unauthorized", Message: "m", Final: true})),
			abandon("5"),
			receive(`{"type":"publish_success","id":"5"}`, unknown),
			farewell(),
		}},
		{"what is published in one request is counted one by one", 0, []turn{
			receive(ack, connected),
			publish("1", 3),
			receive(`{"type":"publish_success","id":"1","successful":[{"index":0},{"index":1},{"index":2}]}`,
				replied(about(dialect.Progress, "1"), &Published{Successful: []Entry{{"", 0}, {"", 1}, {"", 2}}, events: 3}),
				about(dialect.Progress, "1"), about(dialect.Progress, "1")),
		}},
		{"a subscription is no publish, nor the other way round", 0, []turn{
			receive(ack, connected),
			subscribe("1"), publish("2", 1),
			receive(`{"type":"publish_success","id":"1"}`, unknown),
			receive(`{"type":"subscribe_success","id":"2"}`, unknown),
			receive(`{"type":"unsubscribe_success","id":"2"}`, unknown),
			receive(`{"type":"data","id":"2","event":"1"}`, about(dialect.Data, "")),
			abandon("1"), abandon("3"),
			receive(`{"type":"subscribe_success","id":"1"}`, subscribed(dialect.Progress, "1")),
			unsubscribe("2", ""),
		}},
		{"frames that mean nothing", 1, []turn{
			receive(ack, started("1", minutes)),
			receive(`{"type":"start_ack","id":"1"}`, unknown),
			receive(`{"id":"1"}`, unknown),
			receive(`{"type":1}`, unknown),
			receive(`[]`, unknown),
			receive(``, unknown),
			receive(`{"type":"subscribe_success"}`, unknown),
			receive(`{"type":"publish_success"}`, unknown),
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSession(test.subscriptions)
			assert.Equal(t, dialect.Event{Kind: dialect.Progress, Answer: []byte(`{"type":"connection_init"}`)}, s.Open())
			for _, turn := range test.turns {
				turn(t, s)
			}
		})
	}
}

// Before the acknowledgement a server ignores what is asked of it.
func TestNothingIsAskedBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	s := newSession(0)
	_, _, err := s.Subscribe(`{"channel":"a"}`, []byte(authorization))
	require.ErrorIs(t, err, realtime.ErrNotAcknowledged)
	_, _, err = s.Publish(publishBody, 1, []byte(authorization))
	require.ErrorIs(t, err, realtime.ErrNotAcknowledged)
}

// What isn't acknowledged is forgotten when it is over, so that a long session doesn't grow.
func TestASessionDoesNotGrow(t *testing.T) {
	t.Parallel()
	s := newSession(0)
	s.Receive([]byte(ack))
	for range 100 {
		id, _, err := s.Publish(publishBody, 1, []byte(authorization))
		require.NoError(t, err)
		s.Receive([]byte(`{"type":"publish_success","id":"` + id + `"}`))
	}
	require.Empty(t, s.publishing)
}

func FuzzReceive(f *testing.F) {
	for _, frame := range []string{
		ack, `{"type":"subscribe_success","id":"1"}`, `{"type":"data","id":"1","event":["a"]}`, errorOf("publish_error", "3"), errorOf("error", ""),
		`{"type":"publish_success","id":"3","successful":[{"index":0}],"failed":[{"index":1,"code":400,"message":"m"}]}`,
		`{"type":"publish_success","id":"3","failed":[{"index":-1},{"index":1e99},{"index":0.5},{"index":"0"},7,{}]}`,
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := bytes.Clone(frame)
		s := newSession(1)
		for _, known := range []string{"", ack, `{"type":"subscribe_success","id":"1"}`} {
			s.Receive([]byte(known))
			_, _, _ = s.Publish(publishBody, 5, []byte(authorization)) // an error where the connection isn't acknowledged
			events := flatten(s.Receive(frame))
			require.LessOrEqual(t, len(events), MaxEvents)
			for _, e := range events {
				if e.Kind == dialect.Failure || e.Kind == dialect.Refusal {
					require.Contains(t, ErrorNames(), e.Err.Name)
				}
			}
			s.Farewell()
		}
		require.Equal(t, before, frame)
	})
}

func TestPublishResponse(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*Published{
		`{"failed":[],"successful":[{"identifier":"i","index":0}]}`: {Successful: []Entry{{"i", 0}}, events: 2},
		`{"successful":[]}`: {events: 2},
		`{"failed":[{"identifier":"i","index":1,"code":401,"message":"m"}]}`:                       {Failed: []Failed{{Entry{"i", 1}, &dialect.Error{Name: "Unauthorized", Code: 401, Message: "m"}}}, events: 2},
		`{"failed":[{"index":1,"code":429}]}`:                                                      {Failed: []Failed{{Entry{"", 1}, &dialect.Error{Name: "LimitExceeded", Code: 429}}}, events: 2},
		`{"failed":[{"index":2},{"index":-1},{"index":0.5},{"index":"0"},{}],"successful":[1,{}]}`: {events: 2},
		`{"failed":[{"index":0},{"index":0}],"successful":[{"index":0}]}`:                          {Failed: []Failed{{Entry{"", 0}, &dialect.Error{Name: FailedEvent}}}, events: 2},
	} {
		got, err, isAppSync := PublishResponse([]byte(body), 2)
		require.Nil(t, err, body)
		require.True(t, isAppSync)
		require.Equal(t, want, got, body)
	}
	for body, want := range map[string]dialect.Error{
		`{"errors":[{"errorType":"UnauthorizedException","message":"m"}]}`: {Name: "Unauthorized", Message: "m", Final: true},
		`{"errors":[{"errorType":"BadRequestException","message":"m"}]}`:   {Name: "BadRequest", Message: "m", Final: true},
		`{"errors":[{"errorType":"ResourceNotFound","message":"m"}]}`:      {Name: ResourceNotFound, Message: "m", Final: true},
		`{"errors":[{"errorType":"LimitExceededError","message":"m"}]}`:    {Name: "LimitExceeded", Message: "m"},
		`{"errors":{"errorType":"InternalFailure"}}`:                       {Name: realtime.Other, Message: "InternalFailure"},
	} {
		_, err, isAppSync := PublishResponse([]byte(body), 1)
		require.Equal(t, &want, err, body)
		require.True(t, isAppSync)
	}
	for body, want := range map[string]string{
		`{"message":"Forbidden"}`: "Forbidden", `{}`: "what came says neither successful nor failed", `[]`: "what came says neither successful nor failed",
		`<html>`: "what came is not JSON: <html>", ``: "what came is not JSON: ",
		strings.Repeat("[", 1_000_000): "JSON nested more than 100 deep",
	} {
		_, err, isAppSync := PublishResponse([]byte(body), 1)
		require.Equal(t, &dialect.Error{Name: realtime.Other, Message: want}, err, "%.80s", body)
		require.False(t, isAppSync)
	}
}

func TestErrorsOfEvents(t *testing.T) {
	t.Parallel()
	err := &dialect.Error{Name: FailedEvent}
	p := Published{Failed: []Failed{{Entry{"", 1}, err}}, events: 3}
	require.Equal(t, []error{nil, err, nil}, p.Errors())
}

func TestErrorNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"Unauthorized", "BadRequest", "AccessDenied", "InvalidSignature", "IncompleteSignature", "UnrecognizedClient", "ExpiredToken",
		"UnsupportedOperation", "DuplicatedOperation", "MaxSubscriptionsReached", "LimitExceeded", "TooManyRequests",
		"NoProtocol", "SubProtocolNotSupported", "HttpNotFound", "UnknownOperation", "InvalidInput", "ResourceNotFound", "SubscriptionProcessing",
		"MessageProcessing", "FailedEvent", "Other",
	}, ErrorNames())
}
