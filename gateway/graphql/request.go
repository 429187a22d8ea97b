package graphql

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// maxTokens is how many tokens a document may have. AppSync documents no limit.
const maxTokens = 15_000

// Request is a GraphQL request (graphql-over-http, "Request Parameters").
type Request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

// Read reads a request from JSON. Numbers stay as they were written.
func Read(text []byte) (Request, error) {
	var r Request
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return r, d.Decode(&r)
}

// Response is the answer to a request, and the payload of a data frame.
type Response struct {
	Data   json.RawMessage `json:"data"`
	Errors []Error         `json:"errors,omitempty"`
}

// Error is an error in a response. AppSync gives validation errors neither a type nor a path.
type Error struct {
	Path      []any      `json:"path"`
	Type      string     `json:"errorType,omitempty"`
	Locations []Location `json:"locations"`
	Message   string     `json:"message"`
}

// Location is a place in a document. AppSync's have a source that is always null.
type Location struct {
	Line       int     `json:"line"`
	Column     int     `json:"column"`
	SourceName *string `json:"sourceName"`
}

func located(p *ast.Position) []Location {
	if p == nil {
		return nil
	}
	return []Location{{Line: p.Line, Column: p.Column}}
}

// Operation is a request that was found to be valid.
type Operation struct {
	schema    *Schema
	parsed    *ast.OperationDefinition
	variables map[string]any
}

// Prepare returns the operation that a request asks for, or what is wrong with it.
func (s *Schema) Prepare(r Request) (*Operation, []Error) {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: r.Query}, maxTokens)
	if err != nil {
		return nil, []Error{syntaxError(err)}
	}
	if wrong := s.validate(document); wrong != nil {
		return nil, wrong
	}
	o := &Operation{schema: s, parsed: document.Operations.ForName(r.OperationName)}
	switch {
	case o.parsed != nil:
	case r.OperationName == "":
		return nil, []Error{{Message: "Must provide operation name if query contains multiple operations."}}
	default:
		return nil, []Error{{Message: fmt.Sprintf("Unknown operation named '%s'.", r.OperationName)}}
	}
	values, wrong := s.values(o.parsed, r.Variables)
	if wrong != nil {
		return nil, []Error{*wrong}
	}
	o.variables = values
	return o, nil
}

// IsSubscription reports whether the operation is a subscription.
func (o *Operation) IsSubscription() bool { return o.parsed.Operation == ast.Subscription }

func syntaxError(err error) Error {
	wrong, ok := err.(*gqlerror.Error) //nolint:errorlint // the parser doesn't wrap it
	if !ok || len(wrong.Locations) == 0 {
		return Error{Message: "Invalid Syntax: " + err.Error()}
	}
	at := wrong.Locations[0]
	return Error{
		Locations: []Location{{Line: at.Line, Column: at.Column}},
		Message:   "Invalid Syntax: " + wrong.Message,
	}
}
