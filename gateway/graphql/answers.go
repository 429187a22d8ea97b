package graphql

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
)

// answer returns what a mutation answers with: its input. Each field of its type has the
// value of the argument with that name, or of the input object's field with that name. Ids and
// times of creation that aren't given are made.
func (s *Schema) answer(f *ast.FieldDefinition, arguments map[string]any) any {
	of := s.concrete(f.Type)
	if of.IsLeafType() {
		for _, a := range f.Arguments {
			if a.Type.Name() == of.Name {
				return arguments[a.Name]
			}
		}
		return made(f.Name, f.Type)
	}
	object := map[string]any{}
	for _, field := range of.Fields {
		value, ok := input(arguments, field.Name)
		if !ok {
			value = made(field.Name, field.Type)
		}
		object[field.Name] = value
	}
	s.answers.add(of.Name, object)
	if f.Type.Elem != nil {
		return []any{object}
	}
	return object
}

// input returns the argument of a name, or the field of a name in an argument.
func input(arguments map[string]any, name string) (any, bool) {
	if value, ok := arguments[name]; ok {
		return value, true
	}
	for _, argument := range arguments {
		if object, ok := argument.(map[string]any); ok {
			if value, ok := object[name]; ok {
				return value, true
			}
		}
	}
	return nil, false
}

// made returns a value for a field that no argument gives: an id, the time for a field that
// says when, or null.
func made(name string, t *ast.Type) any {
	const iso = "2006-01-02T15:04:05.000Z"
	now := time.Now().UTC()
	created := name == "createdAt" || name == "updatedAt"
	switch t.NamedType {
	case "ID":
		if t.NonNull {
			return uuid.NewString()
		}
	case "AWSDateTime":
		if t.NonNull || created {
			return now.Format(iso)
		}
	case "String":
		if created {
			return now.Format(iso)
		}
	case "AWSTimestamp":
		if t.NonNull || created {
			return now.Unix()
		}
	}
	return nil
}

// maxAnswers is how many answers are kept of each type, so that a long test doesn't fill
// memory.
const maxAnswers = 1000

// answers are the latest objects that mutations answered with, by their type's name.
type answers struct {
	mu     sync.RWMutex
	byType map[string]*ring
}

// ring is a list that forgets the oldest when it is full.
type ring struct {
	latest []map[string]any
	oldest int
}

func (a *answers) add(typeName string, object map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byType == nil {
		a.byType = map[string]*ring{}
	}
	r := a.byType[typeName]
	if r == nil {
		r = &ring{}
		a.byType[typeName] = r
	}
	if len(r.latest) < maxAnswers {
		r.latest = append(r.latest, object)
		return
	}
	r.latest[r.oldest] = object
	r.oldest = (r.oldest + 1) % maxAnswers
}

// find returns up to limit objects of a type that have the given values, latest first.
func (a *answers) find(typeName string, values map[string]any, limit int) []any {
	a.mu.RLock()
	defer a.mu.RUnlock()
	list := []any{}
	r := a.byType[typeName]
	if r == nil {
		return list
	}
	n := len(r.latest)
	for i := 0; i < n && len(list) < limit; i++ {
		if object := r.latest[(r.oldest+n-1-i)%n]; matches(object, values) {
			list = append(list, object)
		}
	}
	return list
}

// find answers a query with what mutations answered: with the latest object of its type whose
// fields have the values of the arguments with their names, with a list of such objects, or
// with an object that has a field for such a list.
func (s *Schema) find(t *ast.Type, arguments map[string]any) any {
	const defaultLimit = 100 // that of AppSync's generated resolvers
	limit := defaultLimit
	if n, ok := integer(arguments["limit"]); ok {
		limit = int(n)
	}
	of := s.concrete(t)
	switch list := listField(of); {
	case of.IsLeafType():
		return nil
	case t.Elem != nil:
		return s.answers.find(of.Name, among(of, arguments), limit)
	case list != nil && s.concrete(list.Type).Kind == ast.Object && !s.isAnswered(of.Name):
		items := s.concrete(list.Type)
		return map[string]any{list.Name: s.answers.find(items.Name, among(items, arguments), limit)}
	}
	if found := s.answers.find(of.Name, among(of, arguments), 1); len(found) > 0 {
		return found[0]
	}
	return nil
}

// isAnswered reports whether a mutation has the type.
func (s *Schema) isAnswered(typeName string) bool {
	if s.ast.Mutation == nil {
		return false
	}
	for _, f := range s.ast.Mutation.Fields {
		if f.Type.Name() == typeName {
			return true
		}
	}
	return false
}

// listField returns the first field of a type that is a list, or nil.
func listField(of *ast.Definition) *ast.FieldDefinition {
	for _, f := range of.Fields {
		if f.Type.Elem != nil {
			return f
		}
	}
	return nil
}

// among returns the arguments that have names of a type's fields. Null asks for nothing.
func among(of *ast.Definition, arguments map[string]any) map[string]any {
	values := map[string]any{}
	for name, value := range arguments {
		if value != nil && of.Fields.ForName(name) != nil {
			values[name] = value
		}
	}
	return values
}
