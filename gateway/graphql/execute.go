package graphql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// lazy is a field's value that is made when it is asked for, because it may contain itself.
type lazy func(arguments map[string]any, selected []*ast.Field) any

// executor writes the data of one response (the specification's chapter "Execution").
type executor struct {
	schema    *Schema
	variables map[string]any
	out       []byte
	errors    []Error
}

// entry is what a response has under one key.
type entry struct {
	key    string
	fields []*ast.Field // that select it, of which there may be several
}

// collect returns what a selection selects of an object, in its order.
func (e *executor) collect(of *ast.Definition, sets ...ast.SelectionSet) []entry {
	var entries []entry
	for _, set := range sets {
		entries = e.collectInto(entries, of, set)
	}
	return entries
}

func (e *executor) collectInto(entries []entry, of *ast.Definition, set ast.SelectionSet) []entry {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if !e.included(s.Directives) {
				continue
			}
			if i := slices.IndexFunc(entries, func(known entry) bool { return known.key == s.Alias }); i >= 0 {
				entries[i].fields = append(entries[i].fields, s)
			} else {
				entries = append(entries, entry{s.Alias, []*ast.Field{s}})
			}
		case *ast.InlineFragment:
			if e.included(s.Directives) && e.applies(s.TypeCondition, of) {
				entries = e.collectInto(entries, of, s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if e.included(s.Directives) && e.applies(s.Definition.TypeCondition, of) {
				entries = e.collectInto(entries, of, s.Definition.SelectionSet)
			}
		}
	}
	return entries
}

// included reports whether @skip and @include let a selection pass.
func (e *executor) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		arguments, wrong := e.schema.arguments(d.Definition.Arguments, d.Arguments, e.variables)
		if wrong != nil {
			continue
		}
		if d.Name == "skip" && arguments["if"] == true || d.Name == "include" && arguments["if"] == false {
			return false
		}
	}
	return true
}

// applies reports whether a fragment on a type is for an object.
func (e *executor) applies(condition string, of *ast.Definition) bool {
	return condition == "" || condition == of.Name || slices.ContainsFunc(e.schema.ast.PossibleTypes[condition],
		func(possible *ast.Definition) bool { return possible.Name == of.Name })
}

// object writes an object. It returns false, and writes nothing, if a field that can't be
// null is.
func (e *executor) object(of *ast.Definition, value map[string]any, sets []ast.SelectionSet, path []any) bool {
	start := len(e.out)
	e.out = append(e.out, '{')
	for i, entry := range e.collect(of, sets...) {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.out = append(append(e.out, jsontext.Encode(entry.key)...), ':')
		if !e.field(of, value, entry, append(path, entry.key)) {
			e.out = e.out[:start]
			return false
		}
	}
	e.out = append(e.out, '}')
	return true
}

// field writes the value of an object's field.
func (e *executor) field(of *ast.Definition, object map[string]any, selected entry, path []any) bool {
	f := selected.fields[0]
	if f.Name == "__typename" {
		e.out = append(e.out, jsontext.Encode(of.Name)...)
		return true
	}
	value := object[f.Name]
	if wrong := e.schema.denial(of, f.Name); wrong != nil {
		wrong.Locations = located(f.Position)
		e.fail(*wrong, path)
		value = nil
	} else if later, ok := value.(lazy); ok {
		arguments, wrong := e.schema.arguments(f.Definition.Arguments, f.Arguments, e.variables)
		if wrong != nil {
			e.fail(*wrong, path)
			value = nil
		} else {
			value = later(arguments, selected.fields)
		}
	}
	return e.complete(of, f.Definition.Type, value, selected.fields, path)
}

// complete writes a value as its type has it, or null in its place. It returns false, and
// writes nothing, if that can't be null.
func (e *executor) complete(parent *ast.Definition, t *ast.Type, value any, fields []*ast.Field, path []any) bool {
	start := len(e.out)
	switch {
	case value == nil && t.NonNull:
		e.fail(Error{Message: fmt.Sprintf("Cannot return null for non-nullable type: '%s' within parent '%s' (%s)",
			typeName(t), parent.Name, pathText(path))}, path)
	case value == nil:
	case t.Elem != nil:
		if e.list(parent, t.Elem, value, fields, path) {
			return true
		}
	default:
		if e.named(t, value, fields, path) {
			return true
		}
	}
	e.out = e.out[:start]
	if t.NonNull {
		return false
	}
	e.out = append(e.out, "null"...)
	return true
}

func (e *executor) list(parent *ast.Definition, of *ast.Type, value any, fields []*ast.Field, path []any) bool {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	e.out = append(e.out, '[')
	for i, element := range list {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if !e.complete(parent, of, element, fields, append(path, i)) {
			return false
		}
	}
	e.out = append(e.out, ']')
	return true
}

// named writes a value that is no list.
func (e *executor) named(t *ast.Type, value any, fields []*ast.Field, path []any) bool {
	of := e.schema.concrete(t)
	if of.IsLeafType() {
		e.out = append(e.out, jsontext.Encode(value)...)
		return true
	}
	object, ok := value.(map[string]any)
	if !ok {
		return false
	}
	return e.object(of, object, selections(fields), path)
}

// concrete returns the type of objects that stand for a type. For an interface or a union it
// is the first one that the schema names.
func (s *Schema) concrete(t *ast.Type) *ast.Definition {
	d := s.ast.Types[t.Name()]
	if possible := s.ast.PossibleTypes[d.Name]; d.IsAbstractType() && len(possible) > 0 {
		return possible[0]
	}
	return d
}

func selections(fields []*ast.Field) []ast.SelectionSet {
	sets := make([]ast.SelectionSet, len(fields))
	for i, f := range fields {
		sets[i] = f.SelectionSet
	}
	return sets
}

// fail reports an error at a path.
func (e *executor) fail(wrong Error, path []any) {
	wrong.Path = slices.Clone(path)
	e.errors = append(e.errors, wrong)
}

// response returns what was written, or null if that is false.
func (e *executor) response(written bool) Response {
	r := Response{Data: e.out, Errors: e.errors}
	if !written {
		r.Data = []byte("null")
	}
	return r
}

// typeName is how AppSync names a type that isn't null.
func typeName(t *ast.Type) string { return strings.TrimSuffix(t.String(), "!") }

func pathText(path []any) string {
	var b strings.Builder
	for _, part := range path {
		_, _ = fmt.Fprintf(&b, "/%v", part)
	}
	return b.String()
}
