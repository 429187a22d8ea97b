package graphql

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// The rules of the GraphQL specification's chapter "Validation" whose messages are known from
// AppSync's answers. They find what the parser's own rules find.

func (p places) fieldUndefined(on *validator.Events, report validator.AddErrFunc) {
	on.OnField(func(_ *validator.Walker, f *ast.Field) {
		if f.ObjectDefinition != nil && f.Definition == nil {
			report(core.Message("Field '%s' in type '%s' is undefined @ '%s'", f.Name, f.ObjectDefinition.Name, p[f]), core.At(f.Position))
		}
	})
}

func (p places) unknownArgument(on *validator.Events, report validator.AddErrFunc) {
	on.OnField(func(_ *validator.Walker, f *ast.Field) {
		if f.Definition == nil {
			return
		}
		for _, a := range f.Arguments {
			if f.Definition.Arguments.ForName(a.Name) == nil {
				report(core.Message("Unknown field argument %s @ '%s'", a.Name, p[f]), core.At(a.Position))
			}
		}
	})
	on.OnDirective(func(_ *validator.Walker, d *ast.Directive) {
		if d.Definition == nil {
			return
		}
		for _, a := range d.Arguments {
			if d.Definition.Arguments.ForName(a.Name) == nil {
				report(core.Message("Unknown directive argument %s", a.Name), core.At(a.Position))
			}
		}
	})
}

func (p places) missingArgument(on *validator.Events, report validator.AddErrFunc) {
	missing := func(defined ast.ArgumentDefinitionList, given ast.ArgumentList, what, end string, at *ast.Position) {
		for _, a := range defined {
			if a.Type.NonNull && a.DefaultValue == nil && given.ForName(a.Name) == nil {
				report(core.Message("Missing %s argument %s%s", what, a.Name, end), core.At(at))
			}
		}
	}
	on.OnField(func(_ *validator.Walker, f *ast.Field) {
		if f.Definition != nil {
			missing(f.Definition.Arguments, f.Arguments, "field", fmt.Sprintf(" @ '%s'", p[f]), f.Position)
		}
	})
	on.OnDirective(func(_ *validator.Walker, d *ast.Directive) {
		if d.Definition != nil {
			missing(d.Definition.Arguments, d.Arguments, "directive", "", d.Position)
		}
	})
}

func (p places) subSelection(on *validator.Events, report validator.AddErrFunc) {
	on.OnField(func(walker *validator.Walker, f *ast.Field) {
		if f.Definition == nil {
			return
		}
		of := walker.Schema.Types[f.Definition.Type.Name()]
		switch {
		case of == nil:
		case of.IsLeafType() && len(f.SelectionSet) > 0:
			report(core.Message("SubSelectionNotAllowed: Sub selection not allowed on leaf type %s of field %s @ '%s'",
				of.Name, f.Name, p[f]), core.At(f.Position))
		case !of.IsLeafType() && len(f.SelectionSet) == 0:
			report(core.Message("SubSelectionRequired: Sub selection required for type %s of field %s @ '%s'",
				of.Name, f.Name, p[f]), core.At(f.Position))
		}
	})
}

func unusedVariable(on *validator.Events, report validator.AddErrFunc) {
	on.OnOperation(func(_ *validator.Walker, o *ast.OperationDefinition) {
		for _, v := range o.VariableDefinitions {
			if !v.Used {
				report(core.Message("Unused variable %s", v.Variable), core.At(v.Position))
			}
		}
	})
}

func (p places) undefinedVariable(on *validator.Events, report validator.AddErrFunc) {
	on.OnValue(func(walker *validator.Walker, v *ast.Value) {
		if walker.CurrentOperation != nil && v.Kind == ast.Variable && v.VariableDefinition == nil {
			report(core.Message("Undefined variable %s @ '%s'", v.Raw, p[v]), core.At(v.Position))
		}
	})
}

// typeMismatch is the specification's "All Variable Usages Are Allowed".
func (p places) typeMismatch(on *validator.Events, report validator.AddErrFunc) {
	on.OnValue(func(walker *validator.Walker, v *ast.Value) {
		if walker.CurrentOperation == nil || v.Kind != ast.Variable || v.ExpectedType == nil || v.VariableDefinition == nil {
			return
		}
		expected := *v.ExpectedType
		given := v.VariableDefinition
		if v.ExpectedTypeHasDefault || given.DefaultValue != nil && given.DefaultValue.Kind != ast.NullValue {
			expected.NonNull = false
		}
		if !given.Type.IsCompatible(&expected) {
			report(core.Message("Variable type '%s' doesn't match expected type '%s' @ '%s'", given.Type, v.ExpectedType, p[v]),
				core.At(v.Position))
		}
	})
}

// singleField refuses a subscription with more than one root field, under whatever names.
func singleField(on *validator.Events, report validator.AddErrFunc) {
	on.OnOperation(func(_ *validator.Walker, o *ast.OperationDefinition) {
		if o.Operation != ast.Subscription {
			return
		}
		if fields := rootFields(o.SelectionSet, map[string]bool{}); len(fields) > 1 {
			report(core.Message("A subscription must have only one root field."), core.At(fields[1].Position))
		}
	})
}

// rootFields returns the fields of a selection and of the fragments in it. Fragments that
// were seen are left out, because they may be in themselves.
func rootFields(set ast.SelectionSet, seen map[string]bool) (fields []*ast.Field) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			fields = append(fields, selection)
		case *ast.InlineFragment:
			fields = append(fields, rootFields(selection.SelectionSet, seen)...)
		case *ast.FragmentSpread:
			if selection.Definition != nil && !seen[selection.Name] {
				seen[selection.Name] = true
				fields = append(fields, rootFields(selection.Definition.SelectionSet, seen)...)
			}
		}
	}
	return fields
}
