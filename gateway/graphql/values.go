package graphql

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// values returns an operation's variables. One that isn't given and has no default is not
// among them: an argument that it stands for is left out, not null.
func (s *Schema) values(o *ast.OperationDefinition, given map[string]any) (map[string]any, *Error) {
	values := map[string]any{}
	for _, d := range o.VariableDefinitions {
		v, ok := given[d.Variable]
		if wrong := s.enter(values, d.Variable, definition{d.Type, d.DefaultValue}, v, ok); wrong != "" {
			return nil, &Error{Locations: located(d.Position), Message: fmt.Sprintf("Variable '%s' has %s", d.Variable, wrong)}
		}
	}
	return values, nil
}

// arguments returns the arguments that are given or have a default.
func (s *Schema) arguments(defined ast.ArgumentDefinitionList, given ast.ArgumentList, variables map[string]any) (map[string]any, *Error) {
	arguments := map[string]any{}
	for _, d := range defined {
		v, ok := any(nil), false
		if a := given.ForName(d.Name); a != nil {
			v, ok = literal(a.Value, variables)
		}
		if wrong := s.enter(arguments, d.Name, definition{d.Type, d.DefaultValue}, v, ok); wrong != "" {
			return nil, &Error{Message: fmt.Sprintf("Argument '%s' has %s", d.Name, wrong)}
		}
	}
	return arguments, nil
}

// definition is how a variable, an argument or a field of an input object is defined.
type definition struct {
	of        *ast.Type
	byDefault *ast.Value // nil if there is none
}

// enter enters an input into values, under its name: what is given, or the default. It returns
// what is wrong with it. One that has neither and needn't is left out.
func (s *Schema) enter(values map[string]any, name string, d definition, v any, given bool) (wrong string) {
	if !given && d.byDefault != nil {
		v, given = literal(d.byDefault, nil)
	}
	if !given && !d.of.NonNull {
		return ""
	}
	value, wrong := s.coerce(d.of, v)
	if wrong == "" {
		values[name] = value
	}
	return wrong
}

// literal returns a value of a document. It returns false for a variable without a value.
func literal(v *ast.Value, variables map[string]any) (any, bool) {
	if v.Kind == ast.Variable {
		value, ok := variables[v.Raw]
		return value, ok
	}
	value, err := v.Value(variables)
	if err != nil {
		return json.Number(v.Raw), true // a number that fits no type of Go's, and no type of GraphQL's
	}
	return value, true
}

// coerce returns a value as its type has it, or what is wrong with it (the specification's
// "Input Coercion").
func (s *Schema) coerce(t *ast.Type, v any) (any, string) {
	if v == nil {
		if t.NonNull {
			return nil, fmt.Sprintf("coerced Null value for NonNull type '%s'", t)
		}
		return nil, ""
	}
	if t.Elem != nil {
		return s.coerceList(t, v)
	}
	d := s.ast.Types[t.NamedType]
	if d.Kind == ast.InputObject {
		return s.coerceObject(d, v)
	}
	if d.Kind != ast.Enum {
		return coerceScalar(t, v)
	}
	if name, ok := v.(string); ok && d.EnumValues.ForName(name) != nil {
		return v, ""
	}
	return nil, invalid(t, v)
}

// coerceList takes a value for the list of it.
func (s *Schema) coerceList(t *ast.Type, v any) (any, string) {
	given, ok := v.([]any)
	if !ok {
		given = []any{v}
	}
	list := make([]any, len(given))
	for i, element := range given {
		value, wrong := s.coerce(t.Elem, element)
		if wrong != "" {
			return nil, wrong
		}
		list[i] = value
	}
	return list, ""
}

func (s *Schema) coerceObject(d *ast.Definition, v any) (any, string) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, invalid(ast.NamedType(d.Name, nil), v)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if d.Fields.ForName(name) == nil {
			return nil, fmt.Sprintf("an invalid value. The field '%s' is not defined for the input type '%s'.", name, d.Name)
		}
	}
	object := map[string]any{}
	for _, f := range d.Fields {
		value, ok := given[f.Name]
		if wrong := s.enter(object, f.Name, definition{f.Type, f.DefaultValue}, value, ok); wrong != "" {
			return nil, wrong
		}
	}
	return object, ""
}

// coerceScalar checks GraphQL's own scalars, and that AWS's are numbers or text. What AWS's
// text looks like is not checked.
func coerceScalar(t *ast.Type, v any) (any, string) {
	ok := true
	switch t.NamedType {
	case "Int":
		n, isInteger := integer(v)
		ok = isInteger && n >= math.MinInt32 && n <= math.MaxInt32
	case "AWSTimestamp":
		_, ok = integer(v)
	case "Float":
		_, ok = number(v)
	case "Boolean":
		_, ok = v.(bool)
	case "ID":
		if n, isInteger := integer(v); isInteger {
			return strconv.FormatInt(n, 10), ""
		}
		_, ok = v.(string)
	case "String", "AWSDate", "AWSTime", "AWSDateTime", "AWSEmail", "AWSJSON", "AWSURL", "AWSPhone", "AWSIPAddress":
		_, ok = v.(string)
	}
	if !ok {
		return nil, invalid(t, v)
	}
	return v, ""
}

func invalid(t *ast.Type, v any) string {
	return fmt.Sprintf("an invalid value. Expected type '%s' but was '%s'.", t.Name(), kindOf(v))
}

// kindOf names the type of a value that came as JSON or as a literal.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "String"
	case bool:
		return "Boolean"
	case []any:
		return "List"
	case map[string]any:
		return "Map"
	default:
		if _, ok := integer(v); ok {
			return "Integer"
		}
		return "Double"
	}
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	default:
		return 0, false
	}
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	default:
		return 0, false
	}
}
