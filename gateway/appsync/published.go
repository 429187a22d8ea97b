package appsync

import (
	"fmt"
	"slices"

	"github.com/graph-gophers/graphql-go"
)

// published is a room as subscribers see it: of its fields they get only those
// that the mutation has selected, too
// (aws-appsync-real-time-data.html, "Using subscription arguments").
type published struct {
	room     *room
	selected []string
}

func (p *published) has(field string) bool { return slices.Contains(p.selected, field) }

// ID is the room's id.
func (p *published) ID() (graphql.ID, error) { return p.room.ID(), p.required("id", "ID") }

// Title is the room's title.
func (p *published) Title() (string, error) { return p.room.title, p.required("title", "String") }

// CreatedAt is when the room was created.
func (p *published) CreatedAt() (string, error) {
	return p.room.createdAt, p.required("createdAt", "String")
}

// Owner is the room's owner, or null.
func (p *published) Owner() *string {
	if !p.has("owner") {
		return nil
	}
	return p.room.owner
}

// required is AppSync's error for a missing field that can't be null.
func (p *published) required(field, kind string) error {
	if p.has(field) {
		return nil
	}
	return fmt.Errorf("Cannot return null for non-nullable type: '%s' within parent 'Room' (/onCreateRoom/%s)", //nolint:staticcheck // AppSync's words
		kind, field)
}

// text is all a published room can tell, for finding its stamp.
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

// filter is a subscription's arguments. What is given must be equal to the
// published room's field; given as null, the field must be null
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

// argument is one that may be left out, be null, or have a value.
type argument struct {
	given bool
	value *string
}

// omitted stands for a variable that was not given, see withOmitted.
type omitted struct{}

// ImplementsGraphQLType tells graphql-go what an argument can be.
func (argument) ImplementsGraphQLType(name string) bool { return name == "ID" || name == "String" }

// Nullable tells graphql-go that it can be null.
func (argument) Nullable() {}

// UnmarshalGraphQL takes the argument's value.
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
