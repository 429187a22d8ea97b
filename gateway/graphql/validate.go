package graphql

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// kinds are AppSync's names for what breaks one of the parser's rules.
var kinds = map[string]string{
	"FieldsOnCorrectType":          "FieldUndefined",
	"FragmentsOnCompositeTypes":    "InlineFragmentTypeConditionInvalid",
	"KnownArgumentNames":           "UnknownArgument",
	"KnownDirectives":              "UnknownDirective",
	"KnownFragmentNames":           "UndefinedFragment",
	"KnownTypeNames":               "UnknownType",
	"LoneAnonymousOperation":       "LoneAnonymousOperationViolation",
	"NoFragmentCycles":             "FragmentCycle",
	"NoUndefinedVariables":         "UndefinedVariable",
	"NoUnusedFragments":            "UnusedFragment",
	"NoUnusedVariables":            "UnusedVariable",
	"OverlappingFieldsCanBeMerged": "FieldsConflict",
	"PossibleFragmentSpreads":      "InvalidFragmentType",
	"ProvidedRequiredArguments":    "MissingFieldArgument",
	"UniqueOperationNames":         "DuplicateOperationName",
	"ValuesOfCorrectType":          "WrongType",
	"VariablesAreInputTypes":       "NonInputTypeOnVariable",
	"VariablesInAllowedPosition":   "VariableTypeMismatch",
}

// validate returns what is wrong with a document, in AppSync's words as far as they are known.
func (s *Schema) validate(document *ast.QueryDocument) (wrong []Error) {
	checks := rules.NewDefaultRules()
	places := placesIn(document)
	for name, rule := range map[string]validator.RuleFunc{
		"FieldsOnCorrectType":        places.fieldUndefined,
		"KnownArgumentNames":         places.unknownArgument,
		"NoUndefinedVariables":       places.undefinedVariable,
		"NoUnusedVariables":          unusedVariable,
		"ProvidedRequiredArguments":  places.missingArgument,
		"ScalarLeafs":                places.subSelection,
		"SingleFieldSubscriptions":   singleField,
		"VariablesInAllowedPosition": places.typeMismatch,
	} {
		checks.ReplaceRule(name, rule)
	}
	for _, e := range validator.ValidateWithRules(s.ast, document, checks) {
		w := Error{Message: e.Message}
		for _, at := range e.Locations {
			w.Locations = append(w.Locations, Location{Line: at.Line, Column: at.Column})
		}
		switch kind, ok := kinds[e.Rule]; {
		case e.Rule == "SingleFieldSubscriptions":
			w.Type = "DuplicatedOperationError"
		case e.Rule == "ScalarLeafs": // it says which of its two kinds it is
			w.Message = "Validation error of type " + e.Message
		case ok:
			w.Message = "Validation error of type " + kind + ": " + e.Message
		default:
			w.Message = "Validation error of type " + e.Rule + ": " + e.Message
		}
		wrong = append(wrong, w)
	}
	return wrong
}

// places says where in a document each field, and each value of an argument, is: the names of
// the fields down to it, which AppSync's messages end with.
type places map[any]string

func placesIn(document *ast.QueryDocument) places {
	p := places{}
	for _, o := range document.Operations {
		p.selections("", o.SelectionSet)
	}
	for _, f := range document.Fragments {
		p.selections(f.Name+"/", f.SelectionSet)
	}
	return p
}

func (p places) selections(prefix string, set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			p[selection] = prefix + selection.Name
			for _, a := range selection.Arguments {
				p.value(p[selection], a.Value)
			}
			p.selections(p[selection]+"/", selection.SelectionSet)
		case *ast.InlineFragment:
			p.selections(prefix, selection.SelectionSet)
		}
	}
}

func (p places) value(place string, v *ast.Value) {
	p[v] = place
	for _, child := range v.Children {
		p.value(place, child.Value)
	}
}
