package graphql

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// introspect adds the root fields that describe the schema (the specification's chapter
// "Introspection").
func (s *Schema) introspect(root map[string]any) {
	d := describer{s.ast}
	root["__type"] = lazy(func(arguments map[string]any, _ []*ast.Field) any {
		name, _ := arguments["name"].(string)
		return d.optional(s.ast.Types[name])
	})
	types := later(func() any {
		return each(slices.Sorted(maps.Keys(s.ast.Types)), func(name string) any { return d.definition(s.ast.Types[name]) })
	})
	root["__schema"] = map[string]any{
		"description": orNull(s.ast.Description), "types": types,
		"queryType": d.optional(s.ast.Query), "mutationType": d.optional(s.ast.Mutation),
		"subscriptionType": d.optional(s.ast.Subscription),
		"directives": later(func() any {
			return each(slices.Sorted(maps.Keys(s.ast.Directives)), func(name string) any { return d.directive(s.ast.Directives[name]) })
		}),
	}
}

// describer describes a schema's parts as objects of the introspection types.
type describer struct{ schema *ast.Schema }

// optional describes a type that there may not be.
func (d describer) optional(of *ast.Definition) any {
	if of == nil {
		return nil
	}
	return d.definition(of)
}

func (d describer) definition(of *ast.Definition) any {
	described := map[string]any{"kind": string(of.Kind), "name": of.Name, "description": orNull(of.Description)}
	if of.Kind == ast.Object || of.Kind == ast.Interface {
		described["fields"] = later(func() any { return d.fields(of) })
		described["interfaces"] = later(func() any { return d.named(of.Interfaces) })
	}
	if of.Kind == ast.InputObject {
		described["inputFields"] = later(func() any { return each(of.Fields, d.inputField) })
	}
	if of.Kind == ast.Enum {
		described["enumValues"] = each(of.EnumValues, func(v *ast.EnumValueDefinition) any {
			return deprecable(map[string]any{"name": v.Name, "description": orNull(v.Description)}, v.Directives)
		})
	}
	if of.IsAbstractType() {
		described["possibleTypes"] = later(func() any { return each(d.schema.PossibleTypes[of.Name], d.optional) })
	}
	return described
}

func (d describer) named(names []string) any {
	return each(names, func(name string) any { return d.optional(d.schema.Types[name]) })
}

// ofType describes a reference to a type.
func (d describer) ofType(t *ast.Type) any {
	switch {
	case t.NonNull:
		inner := *t
		inner.NonNull = false
		return map[string]any{"kind": "NON_NULL", "ofType": later(func() any { return d.ofType(&inner) })}
	case t.Elem != nil:
		return map[string]any{"kind": "LIST", "ofType": later(func() any { return d.ofType(t.Elem) })}
	default:
		return d.optional(d.schema.Types[t.NamedType])
	}
}

func (d describer) fields(of *ast.Definition) any {
	list := []any{}
	for _, f := range of.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		list = append(list, deprecable(map[string]any{
			"name": f.Name, "description": orNull(f.Description), "args": d.arguments(f.Arguments), "type": d.ofType(f.Type),
		}, f.Directives))
	}
	return list
}

func (d describer) arguments(defined ast.ArgumentDefinitionList) any {
	return each(defined, func(a *ast.ArgumentDefinition) any {
		return d.inputValue(a.Name, a.Description, a.Type, a.DefaultValue, a.Directives)
	})
}

func (d describer) inputField(f *ast.FieldDefinition) any {
	return d.inputValue(f.Name, f.Description, f.Type, f.DefaultValue, f.Directives)
}

func (d describer) inputValue(name, description string, t *ast.Type, byDefault *ast.Value, directives ast.DirectiveList) any {
	described := map[string]any{"name": name, "description": orNull(description), "type": d.ofType(t)}
	if byDefault != nil {
		described["defaultValue"] = byDefault.String()
	}
	return deprecable(described, directives)
}

func (d describer) directive(of *ast.DirectiveDefinition) any {
	return map[string]any{
		"name": of.Name, "description": orNull(of.Description), "isRepeatable": of.IsRepeatable,
		"locations": each(of.Locations, func(l ast.DirectiveLocation) any { return string(l) }), "args": d.arguments(of.Arguments),
	}
}

// deprecable adds whether something is deprecated.
func deprecable(described map[string]any, directives ast.DirectiveList) any {
	deprecated := directives.ForName("deprecated")
	described["isDeprecated"] = deprecated != nil
	if deprecated != nil {
		described["deprecationReason"] = "No longer supported"
		if reason := deprecated.Arguments.ForName("reason"); reason != nil {
			described["deprecationReason"] = reason.Value.Raw
		}
	}
	return described
}

func later(f func() any) lazy {
	return func(map[string]any, []*ast.Field) any { return f() }
}

func each[T any](of []T, describe func(T) any) any {
	list := make([]any, len(of))
	for i, element := range of {
		list[i] = describe(element)
	}
	return list
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
