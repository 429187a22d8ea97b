package appsync

import (
	"fmt"
	"slices"

	"github.com/graph-gophers/graphql-go"
)

// published is a room as subscribers see it: they get only those of its fields
// that the mutation selected, too
// (aws-appsync-real-time-data.html, "Using subscription arguments").
type published struct {
	room     *room
	selected []string
}

func (p *published) has(field string) bool { return slices.Contains(p.selected, field) }

// ID returns the room's id.
func (p *published) ID() (graphql.ID, error) { return p.room.ID(), p.required("id", "ID") }

// Title returns the room's title.
func (p *published) Title() (string, error) { return p.room.title, p.required("title", "String") }

// CreatedAt returns when the room was created.
func (p *published) CreatedAt() (string, error) {
	return p.room.createdAt, p.required("createdAt", "String")
}

// Owner returns the room's owner, or nil.
func (p *published) Owner() *string {
	if !p.has("owner") {
		return nil
	}
	return p.room.owner
}

// required returns AppSync's error if a field that can't be null was not selected.
func (p *published) required(field, kind string) error {
	if p.has(field) {
		return nil
	}
	return fmt.Errorf("Cannot return null for non-nullable type: '%s' within parent 'Room' (/onCreateRoom/%s)", //nolint:staticcheck // AppSync's words
		kind, field)
}

// text returns the fields that may hold a stamp, if they were selected.
func (p *published) text() []byte {
	var text []byte
	if p.has("title") {
		text = append(text, p.room.title...)
	}
	if owner := p.Owner(); owner != nil {
		text = append(append(text, ' '), *owner...)
	}
	return text
}

// filter is a subscription's arguments. A published room matches if each of its
// fields equals the argument; for an argument null the field must be null
// (aws-appsync-real-time-data.html, "Using subscription arguments").
type filter struct {
	ID    argument
	Title argument
	Owner argument
}

func (f filter) matches(p *published) bool {
	return f.ID.matches(p.has("id"), &p.room.id) &&
		f.Title.matches(p.has("title"), &p.room.title) &&
		f.Owner.matches(p.has("owner"), p.room.owner)
}

// argument is an argument that may be left out, be null, or have a value.
type argument struct {
	given bool
	value *string
}

// omitted stands for a variable that was not given, see withOmitted.
type omitted struct{}

// ImplementsGraphQLType reports whether an argument can have a type.
func (argument) ImplementsGraphQLType(name string) bool { return name == "ID" || name == "String" }

// Nullable marks an argument as nullable for graphql-go.
func (argument) Nullable() {}

// UnmarshalGraphQL sets the argument to a value.
func (a *argument) UnmarshalGraphQL(input any) error {
	switch v := input.(type) {
	case omitted:
	case nil:
		*a = argument{given: true}
	case string:
		*a = argument{given: true, value: &v}
	default:
		text := fmt.Sprint(v) // an ID may be written as a number
		*a = argument{given: true, value: &text}
	}
	return nil
}

func (a argument) matches(selected bool, field *string) bool {
	switch {
	case !a.given:
		return true
	case !selected || field == nil:
		return a.value == nil
	default:
		return a.value != nil && *a.value == *field
	}
}
