package graphql

import "github.com/vektah/gqlparser/v2/ast"

// Execute answers a query or a mutation. What each field of a mutation selects of its answer
// is published, one field after another.
func (o *Operation) Execute(publish func(*Event)) Response {
	if o.IsSubscription() {
		return Response{Errors: []Error{{Message: "Subscriptions are not supported over HTTP."}}}
	}
	e := &executor{schema: o.schema, variables: o.variables}
	root, values := o.schema.ast.Query, map[string]any{}
	if o.parsed.Operation == ast.Mutation {
		root = o.schema.ast.Mutation
		for _, f := range root.Fields {
			values[f.Name] = lazy(func(arguments map[string]any, selected []*ast.Field) any {
				answer := o.schema.answer(f, arguments)
				publish(&Event{mutation: f.Name, value: e.selected(f.Type, answer, selected)})
				return answer
			})
		}
	} else {
		for _, f := range root.Fields {
			values[f.Name] = lazy(func(arguments map[string]any, _ []*ast.Field) any {
				return o.schema.find(f.Type, arguments)
			})
		}
		o.schema.introspect(values)
	}
	return e.response(e.object(root, values, []ast.SelectionSet{o.parsed.SelectionSet}, nil))
}

// selected returns what fields select of a value, by the names of the schema.
func (e *executor) selected(t *ast.Type, value any, fields []*ast.Field) any {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = e.selected(t, element, fields)
		}
		return list
	case map[string]any:
		of := e.schema.concrete(t)
		byName := map[string][]*ast.Field{}
		for _, entry := range e.collect(of, selections(fields)...) {
			name := entry.fields[0].Name
			byName[name] = append(byName[name], entry.fields...)
		}
		object := map[string]any{}
		for name, selecting := range byName {
			if f := of.Fields.ForName(name); f != nil { // __typename is none
				object[name] = e.selected(f.Type, value[name], selecting)
			}
		}
		return object
	default:
		return value
	}
}
