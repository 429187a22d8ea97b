// Package graphql executes GraphQL as AppSync does, for any schema and without resolvers: a
// mutation answers with its input, a query with what mutations answered, and a subscription
// hears the mutations that its @aws_subscribe names
// (aws-appsync-real-time-data.html; AppSync's developer guide, "Scalar types").
package graphql

import (
	_ "embed"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// awsText is what every AppSync schema may use without declaring it.
//
//go:embed aws.graphql
var awsText string

// Schema is a schema, and what its mutations have answered.
type Schema struct {
	ast     *ast.Schema
	answers answers

	// triggers are the subscriptions' fields, and the mutations that each of them hears.
	triggers map[string][]string
	denied   []string
}

// Load reads a schema in GraphQL's schema definition language. The name is for errors.
func Load(name, text string) (*Schema, error) {
	own, err := parser.ParseSchema(&ast.Source{Name: name, Input: text})
	if err != nil {
		return nil, err
	}
	all, err := parser.ParseSchemas(validator.Prelude, &ast.Source{Name: "aws.graphql", Input: awsText, BuiltIn: true})
	if err != nil {
		return nil, err
	}
	all.Definitions = without(all.Definitions, own.Definitions)
	all.Directives = withoutDirectives(all.Directives, own.Directives)
	all.Merge(own)
	checked, err := validator.ValidateSchemaDocument(all)
	if err != nil {
		return nil, err
	}
	s := &Schema{ast: checked, triggers: map[string][]string{}}
	return s, s.readTriggers()
}

// without returns the AWS scalars that a schema doesn't declare itself, as some do for the
// sake of their editors.
func without(aws, own ast.DefinitionList) (kept ast.DefinitionList) {
	for _, d := range aws {
		if own.ForName(d.Name) == nil {
			kept = append(kept, d)
		}
	}
	return kept
}

func withoutDirectives(aws, own ast.DirectiveDefinitionList) (kept ast.DirectiveDefinitionList) {
	for _, d := range aws {
		if own.ForName(d.Name) == nil {
			kept = append(kept, d)
		}
	}
	return kept
}

// readTriggers reads and checks every @aws_subscribe.
func (s *Schema) readTriggers() error {
	if s.ast.Subscription == nil {
		return nil
	}
	for _, f := range s.ast.Subscription.Fields {
		d := f.Directives.ForName("aws_subscribe")
		if d == nil {
			continue
		}
		for _, mutation := range elements(d.Arguments.ForName("mutations").Value) {
			if err := s.checkTrigger(f, mutation); err != nil {
				return err
			}
			s.triggers[f.Name] = append(s.triggers[f.Name], mutation.Raw)
		}
	}
	return nil
}

// elements returns the values of a list, or the one that stands for a list of it.
func elements(v *ast.Value) []*ast.Value {
	if v.Kind != ast.ListValue {
		return []*ast.Value{v}
	}
	values := make([]*ast.Value, len(v.Children))
	for i, child := range v.Children {
		values[i] = child.Value
	}
	return values
}

// checkTrigger returns what is wrong with a mutation that a subscription hears. As on AWS it
// must exist, and have the subscription's type.
func (s *Schema) checkTrigger(f *ast.FieldDefinition, mutation *ast.Value) error {
	var heard *ast.FieldDefinition
	if s.ast.Mutation != nil {
		heard = s.ast.Mutation.Fields.ForName(mutation.Raw)
	}
	switch {
	case heard == nil:
		return gqlerror.ErrorPosf(mutation.Position, "The subscription %s hears %q, which is no mutation.", f.Name, mutation.Raw)
	case heard.Type.Name() != f.Type.Name():
		return gqlerror.ErrorPosf(f.Position, "The subscription %s has the type %s, and the mutation %s that it hears has %s.",
			f.Name, f.Type.Name(), heard.Name, heard.Type.Name())
	default:
		return nil
	}
}

// MustLoad is Load for a schema that is known to be good.
func MustLoad(name, text string) *Schema {
	s, err := Load(name, text)
	if err != nil {
		panic(fmt.Errorf("%s: %w", name, err))
	}
	return s
}
