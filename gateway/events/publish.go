package events

import (
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/tidwall/gjson"
)

// outcome is what became of the events of one request (publish-http.html).
type outcome struct {
	Failed     []entry `json:"failed"`
	Successful []entry `json:"successful"`
}

// entry is what became of one event; its index is that in the request.
type entry struct {
	Identifier string `json:"identifier"`
	Index      int    `json:"index"`
	Code       int    `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
}

// refusedPublish is why a whole request to publish is refused. The two ways of publishing
// call some of the reasons by different names.
type refusedPublish struct {
	overHTTP, realTime auth.Problem
}

// both is a refusal that has one name.
func both(p *auth.Problem) *refusedPublish { return &refusedPublish{*p, *p} }

var (
	tooManyEvents = refusedPublish{
		overHTTP: auth.Problem{Type: badRequest, Message: "Input exceeded 5 event limit", Code: http.StatusBadRequest},
		realTime: auth.Problem{Type: invalidInput, Message: "input exceeded 5 event limit", Code: http.StatusBadRequest},
	}
	noEvents = auth.Problem{Type: badRequest, Message: "events must be a list of strings", Code: http.StatusBadRequest}
)

// publishAll publishes the events of one request, or returns why it is refused.
func (g *Gateway) publishAll(to, events gjson.Result) (*outcome, *refusedPublish) {
	channel, p := g.channel(to, false)
	switch {
	case p != nil && p.Type == resourceNotFound: // over HTTP it is as if that were none of the caller's business
		return nil, &refusedPublish{overHTTP: auth.Problem{Type: unauthorized, Code: http.StatusUnauthorized}, realTime: *p}
	case p != nil:
		return nil, both(p)
	}
	list := events.Array()
	isString := func(e gjson.Result) bool { return e.Type == gjson.String }
	switch {
	case !events.IsArray() || len(list) == 0 || !allOf(list, isString):
		return nil, both(&noEvents)
	case len(list) > maxEvents:
		return nil, &tooManyEvents
	}
	done := &outcome{Failed: []entry{}, Successful: []entry{}}
	for i, event := range list {
		e := entry{Identifier: uuid.NewString(), Index: i}
		switch {
		case !gjson.Valid(event.Str):
			e.Code, e.Message = http.StatusBadRequest, "Event is not valid JSON"
		case g.faults.FailEvent():
			e.Code, e.Message = http.StatusInternalServerError, "Unable to process message"
		}
		if e.Code != 0 {
			done.Failed = append(done.Failed, e)
			continue
		}
		done.Successful = append(done.Successful, e)
		g.publish(channel, event.Str)
	}
	return done, nil
}

func allOf(list []gjson.Result, is func(gjson.Result) bool) bool {
	return !slices.ContainsFunc(list, func(e gjson.Result) bool { return !is(e) })
}

// channel returns the channel that a request names, or what is wrong with it.
func (g *Gateway) channel(name gjson.Result, mayBeWild bool) (string, *auth.Problem) {
	channel, namespace, ok := parseChannel(name.Str, mayBeWild)
	switch {
	case name.Type != gjson.String || !ok:
		return "", &auth.Problem{Type: badRequest, Message: "Invalid channel", Code: http.StatusBadRequest}
	case !slices.Contains(g.config.Namespaces, namespace):
		return "", &auth.Problem{Type: resourceNotFound, Message: "Namespace not found", Code: http.StatusNotFound}
	default:
		return channel, nil
	}
}
