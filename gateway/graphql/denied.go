package graphql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Deny refuses root fields to everybody, as directives and resolvers do on AWS: each is like
// "Mutation.createRoom". It must be called before the first request.
func (s *Schema) Deny(names []string) error {
	for _, name := range names {
		typeName, field, _ := strings.Cut(name, ".")
		root := s.ast.Types[typeName]
		if root == nil || !slices.Contains([]*ast.Definition{s.ast.Query, s.ast.Mutation, s.ast.Subscription}, root) ||
			root.Fields.ForName(field) == nil {
			return fmt.Errorf("%q is no field of the schema's query, mutation or subscription type", name)
		}
		s.denied = append(s.denied, name)
	}
	return nil
}

// denial returns AppSync's error for a field that is denied, or nil.
func (s *Schema) denial(root *ast.Definition, field string) *Error {
	if !slices.Contains(s.denied, root.Name+"."+field) {
		return nil
	}
	return &Error{Type: "Unauthorized", Message: fmt.Sprintf("Not Authorized to access %s on type %s", field, root.Name)}
}
