package pushgw

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/events"
	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// publishResult is what publish() resolves with.
type publishResult struct {
	Successful []publishedEvent `js:"successful"`
	Failed     []failedEvent    `js:"failed"`
}

type publishedEvent struct {
	Identifier string `js:"identifier"`
	Index      int    `js:"index"`
}

type failedEvent struct {
	Identifier string `js:"identifier"`
	Index      int    `js:"index"`
	Code       int    `js:"code"`
	Message    string `js:"message"`
}

func newPublishResult(p *events.Published) publishResult {
	r := publishResult{Successful: []publishedEvent{}, Failed: []failedEvent{}}
	for _, e := range p.Successful {
		r.Successful = append(r.Successful, publishedEvent(e))
	}
	for _, e := range p.Failed {
		r.Failed = append(r.Failed, failedEvent{e.Identifier, e.Index, e.Err.Code, e.Err.Message})
	}
	return r
}

// publishEvents is the JavaScript method publish() of a client of AppSync Events: one
// request over HTTPS. It resolves with what became of each event.
func (c *client) publishEvents(g *eventAPI, value, options sobek.Value) *sobek.Promise {
	channel, texts := g.readPublish(c.module, value, options)
	call := c.begin("publish()", identity{role: telemetry.RoleHost})
	return answered(call, func(ctx context.Context) (*events.Published, error) {
		return g.post(ctx, call, channel, texts)
	}, func(published *events.Published) (any, error) { return newPublishResult(published), nil })
}

// readPublish reads the arguments of publish(), and throws what is wrong with them.
func (g *eventAPI) readPublish(m *module, value, given sobek.Value) (channel string, texts []string) {
	o := readOptions(given, "publish()")
	channel = readChannel(o)
	if err := o.done(); err != nil {
		m.throw(err)
	}
	if channel == "" {
		channel = g.onlyChannel()
	}
	if channel == "" {
		m.throw(scriptErrorf(nameUsageError, "publish() needs a channel: the option \"channel\", the client's or its own"))
	}
	if err := checkConcrete("publish()", channel); err != nil {
		m.throw(err)
	}
	texts, err := eventTexts(value)
	if err != nil {
		m.throw(scriptErrorf(nameUsageError, "publish(): %w", err))
	}
	return channel, texts
}

// eventTexts are the events of a list as JSON.
func eventTexts(value sobek.Value) ([]string, error) {
	list, isList := value.(*sobek.Object)
	var elements []any
	if isList {
		elements, isList = list.Export().([]any)
	}
	switch {
	case !isList:
		return nil, errors.New("the events must be a list")
	case len(elements) < 1 || len(elements) > events.MaxEvents:
		return nil, fmt.Errorf("the events must be 1 to %d, which is AppSync's limit, not %d", events.MaxEvents, len(elements))
	}
	texts := make([]string, len(elements))
	for i := range texts {
		var err error
		if texts[i], err = jsonText(list.Get(strconv.Itoa(i))); err != nil {
			return nil, fmt.Errorf("event %d %w", i, err)
		}
	}
	return texts, nil
}

// jsonText is a value as JSON.stringify writes it.
func jsonText(value sobek.Value) (string, error) {
	if value == nil {
		value = sobek.Undefined()
	}
	if _, isFunction := sobek.AssertFunction(value); isFunction || sobek.IsUndefined(value) {
		return "", errors.New("must be a value that JSON can hold, not a function and not undefined")
	}
	if object, ok := value.(*sobek.Object); ok {
		text, err := object.MarshalJSON()
		if err != nil {
			return "", fmt.Errorf("can't be written as JSON: %w", err)
		}
		return string(text), nil
	}
	switch exported := value.Export().(type) {
	case string:
		return string(jsonscan.AppendString(nil, exported)), nil
	case nil, bool, int64, float64:
		return value.String(), nil
	default:
		return "", fmt.Errorf("must be a value that JSON can hold, not %s", kind(exported))
	}
}

// post publishes over HTTP. Each event that was published counts as one answer, and each
// that failed as one error.
func (g *eventAPI) post(ctx context.Context, c *call, channel string, texts []string) (*events.Published, error) {
	answer, err := g.realtime.post(ctx, c, g.url, []byte(credentials.PublishBody(channel, texts)))
	if err != nil {
		return nil, err
	}
	published, refused, isAppSync := events.PublishResponse(answer.body, len(texts))
	if refused = answer.problem(refused, isAppSync, "no errors"); refused != nil {
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	for _, err := range published.Errors() {
		if refused, failed := err.(*dialect.Error); failed { //nolint:errorlint // it isn't wrapped
			c.recorder.Erred(refused.Name)
		} else {
			c.recorder.Answered()
		}
	}
	return published, nil
}
