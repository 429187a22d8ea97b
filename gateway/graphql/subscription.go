package graphql

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// Event is what a mutation published: subscribers get only those fields that the mutation
// selected, too (aws-appsync-real-time-data.html, "Using subscription arguments").
type Event struct {
	mutation string
	value    any
}

// Text returns what was published as JSON.
func (e *Event) Text() []byte { return jsontext.Encode(e.value) }

// Subscription is a subscription that events are matched with.
type Subscription struct {
	operation *Operation
	root      *ast.Definition
	field     string
	mutations []string
	// filter are the arguments. An event matches if each field of their names has the same
	// value; null is a value, too.
	filter map[string]any
}

// Subscription returns the operation, which is one, as what events are matched with, or what
// is wrong with its arguments.
func (o *Operation) Subscription() (*Subscription, *Error) {
	e := &executor{schema: o.schema, variables: o.variables}
	s := &Subscription{operation: o, root: o.schema.ast.Subscription}
	entries := e.collect(s.root, o.parsed.SelectionSet)
	if len(entries) == 0 || s.root.Fields.ForName(entries[0].fields[0].Name) == nil {
		return nil, &Error{Message: "A subscription must have a root field."}
	}
	f := entries[0].fields[0]
	s.field, s.mutations = f.Name, o.schema.triggers[f.Name]
	if wrong := o.schema.denial(s.root, f.Name); wrong != nil {
		wrong.Locations = located(f.Position)
		return nil, wrong
	}
	arguments, wrong := o.schema.arguments(f.Definition.Arguments, f.Arguments, o.variables)
	if wrong != nil {
		wrong.Locations = located(f.Position)
		return nil, wrong
	}
	of := o.schema.concrete(f.Definition.Type)
	for name, value := range arguments {
		if of.Fields.ForName(name) == nil && value != nil {
			return nil, &Error{Locations: located(f.Position), Message: fmt.Sprintf(
				"Argument '%s' is no field of type '%s': the local gateway has no enhanced filters.", name, of.Name)}
		}
	}
	s.filter = arguments
	return s, nil
}

// Matches reports whether the subscription gets an event.
func (s *Subscription) Matches(event *Event) bool {
	if !slices.Contains(s.mutations, event.mutation) {
		return false
	}
	if len(s.filter) == 0 {
		return true
	}
	object, _ := event.value.(map[string]any)
	return matches(object, s.filter)
}

// matches reports whether fields of an object have the given values. A field that isn't there
// is null.
func matches(object, values map[string]any) bool {
	for name, want := range values {
		if !equal(object[name], want) {
			return false
		}
	}
	return true
}

func equal(a, b any) bool {
	if text, ok := a.(string); ok {
		return text == b // most filters are text, and there may be thousands of them
	}
	return bytes.Equal(jsontext.Encode(a), jsontext.Encode(b))
}

// Payload returns the subscription's response for an event, as JSON.
func (s *Subscription) Payload(event *Event) []byte {
	e := &executor{schema: s.operation.schema, variables: s.operation.variables}
	value := map[string]any{s.field: event.value}
	written := e.object(s.root, value, []ast.SelectionSet{s.operation.parsed.SelectionSet}, nil)
	return jsontext.Encode(e.response(written))
}
