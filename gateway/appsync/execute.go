package appsync

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"regexp"

	"github.com/graph-gophers/graphql-go"
	qerrors "github.com/graph-gophers/graphql-go/errors"
)

//go:embed schema.graphql
var schemaText string

// request is a GraphQL request (graphql-over-http, "Request Parameters").
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

// response is the answer to a request, and the payload of a data frame.
type response struct {
	Data   json.RawMessage `json:"data"`
	Errors []responseError `json:"errors,omitempty"`
}

// responseError is an error in a response. AppSync gives validation errors neither
// a type nor a path.
type responseError struct {
	Path      []any              `json:"path"`
	Type      string             `json:"errorType,omitempty"`
	Locations []qerrors.Location `json:"locations"`
	Message   string             `json:"message"`
}

// execute answers a query or a mutation.
func (g *Gateway) execute(ctx context.Context, q request) response {
	return asResponse(g.schema.Exec(ctx, q.Query, q.OperationName, q.Variables))
}

// inquire returns a subscription's filter, or the errors in its document. For a
// query or a mutation it returns errRealtime.
func (g *Gateway) inquire(ctx context.Context, q request) (filter, []responseError, error) {
	asked := &inquiry{}
	r := g.subscribe(context.WithValue(ctx, purposeKey{}, asked), q)
	if asked.found {
		return asked.filter, nil, nil
	}
	for _, e := range r.Errors {
		if e.Rule != "" || e.ResolverError == nil {
			return filter{}, asResponse(r).Errors, nil
		}
	}
	return filter{}, nil, errRealtime
}

// payload returns a subscription's response for a published room.
func (g *Gateway) payload(ctx context.Context, q request, p *published) []byte {
	return encode(asResponse(g.subscribe(context.WithValue(ctx, purposeKey{}, p), q)))
}

// subscribe executes a subscription once and returns its last response.
func (g *Gateway) subscribe(ctx context.Context, q request) *graphql.Response {
	last := &graphql.Response{}
	responses, err := g.schema.Subscribe(ctx, q.Query, q.OperationName, withOmitted(q))
	if err != nil {
		last.Errors = []*qerrors.QueryError{{Message: err.Error()}}
		return last
	}
	for r := range responses {
		if r, ok := r.(*graphql.Response); ok {
			last = r
		}
	}
	return last
}

var variableName = regexp.MustCompile(`\$([_A-Za-z][_0-9A-Za-z]*)`)

// withOmitted returns the variables, with omitted{} for each that the document
// names but the request doesn't give. graphql-go would pass these on as null,
// which as a subscription's argument is a filter.
func withOmitted(q request) map[string]any {
	variables := make(map[string]any, len(q.Variables))
	for _, name := range variableName.FindAllStringSubmatch(q.Query, -1) {
		variables[name[1]] = omitted{}
	}
	for name, value := range q.Variables {
		variables[name] = value
	}
	return variables
}

func asResponse(r *graphql.Response) response {
	out := response{Data: r.Data}
	for _, e := range r.Errors {
		wrong := responseError{Path: e.Path, Locations: e.Locations, Message: e.Message}
		switch e.Rule {
		case "":
		case "SingleFieldSubscriptionsRule":
			wrong.Type = "DuplicatedOperationError" // as AppSync calls it
		default:
			wrong.Message = "Validation error of type " + e.Rule + ": " + e.Message
		}
		out.Errors = append(out.Errors, wrong)
	}
	return out
}

// encode is json.Marshal without escaping <, > and &. It is only given what can be
// encoded.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
