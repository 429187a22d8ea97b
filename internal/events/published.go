package events

import (
	"cmp"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// Published is what became of the events of one request to publish. An event that isn't
// among the failed was published.
type Published struct {
	Successful []Entry
	Failed     []Failed
	events     int
}

// Entry is one event of a request: its index in that, and the identifier that AppSync has
// given it.
type Entry struct {
	Identifier string
	Index      int
}

// Failed is an event that was not published.
type Failed struct {
	Entry
	Err *dialect.Error
}

// PublishResponse reads the body of the response to a request to publish so many events
// over HTTP. A body that isn't AppSync's is an error too, and then isAppSync is false.
//
// See "Publish events via HTTP" in AppSync Events' developer guide.
func PublishResponse(body []byte, events int) (published *Published, err *dialect.Error, isAppSync bool) {
	response, err := realtime.ParseResponse(body)
	if err != nil {
		return nil, err, false
	}
	if err := names.Parse(response.Get("errors"), realtime.Other); err != nil {
		err.Final = isFinal(err.Name)
		return nil, err, true
	}
	if response.Get("successful").IsArray() || response.Get("failed").IsArray() {
		return parsePublished(body, events), nil, true
	}
	return nil, realtime.Foreign(response, "what came says neither successful nor failed"), false
}

// parsePublished reads the members successful and failed. What they say of other events
// than there were, or of one for a second time, is left out.
func parsePublished(answer []byte, events int) *Published {
	p := &Published{events: events}
	seen := make(map[int]bool, events)
	each := func(list string, use func(gjson.Result, Entry)) {
		gjson.GetBytes(answer, list).ForEach(func(_, e gjson.Result) bool {
			index := e.Get("index")
			i := int(index.Int())
			if index.Type == gjson.Number && index.Num == float64(i) && i >= 0 && i < events && !seen[i] {
				seen[i] = true
				use(e, Entry{Identifier: realtime.Cut(e.Get("identifier").Str), Index: i})
			}
			return true
		})
	}
	each("failed", func(e gjson.Result, entry Entry) {
		p.Failed = append(p.Failed, Failed{entry, failedError(int(e.Get("code").Int()), e.Get("message").Str)})
	})
	each("successful", func(_ gjson.Result, entry Entry) { p.Successful = append(p.Successful, entry) })
	slices.SortFunc(p.Failed, func(a, b Failed) int { return cmp.Compare(a.Index, b.Index) })
	return p
}

// Errors returns the error of each event, in the order of the request; nil for those that
// were published.
func (p *Published) Errors() []error {
	errs := make([]error, p.events)
	for _, failed := range p.Failed {
		errs[failed.Index] = failed.Err
	}
	return errs
}
