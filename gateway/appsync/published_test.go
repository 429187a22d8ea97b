package appsync

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func pointer(text string) *string { return &text }

// A stamp may be in the title or in the owner, if that was selected.
func TestTextOfAPublishedRoom(t *testing.T) {
	t.Parallel()
	r := &room{id: "id", title: "title", owner: pointer("owner"), createdAt: "now"}
	for selected, text := range map[[2]string]string{
		{"id", "createdAt"}: "", {"title", "id"}: "title", {"owner", "id"}: " owner", {"title", "owner"}: "title owner",
	} {
		p := &published{room: r, selected: selected[:]}
		require.Equal(t, text, string(p.text()))
	}
	p := &published{room: &room{title: "title"}, selected: []string{"title", "owner"}}
	require.Equal(t, "title", string(p.text()))
}

func TestArgumentsMatch(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		argument argument
		selected bool
		field    *string
		matches  bool
	}{
		"not given":               {argument{}, true, pointer("x"), true},
		"not given, not selected": {argument{}, false, pointer("x"), true},
		"equal":                   {argument{true, pointer("x")}, true, pointer("x"), true},
		"equal, not selected":     {argument{true, pointer("x")}, false, pointer("x"), false},
		"different":               {argument{true, pointer("x")}, true, pointer("y"), false},
		"a value, no field":       {argument{true, pointer("x")}, true, nil, false},
		"null":                    {argument{true, nil}, true, pointer("x"), false},
		"null, no field":          {argument{true, nil}, true, nil, true},
		"null, not selected":      {argument{true, nil}, false, pointer("x"), true},
	} {
		require.Equal(t, row.matches, row.argument.matches(row.selected, row.field), name)
	}
}

// Each argument is compared with the field of its name.
func TestFilterMatchesEachField(t *testing.T) {
	t.Parallel()
	r := &room{id: "id", title: "title", owner: pointer("owner")}
	given := func(text string) argument { return argument{true, &text} }
	for name, row := range map[string]struct{ equal, different filter }{
		"id":    {filter{ID: given("id")}, filter{ID: given("title")}},
		"title": {filter{Title: given("title")}, filter{Title: given("owner")}},
		"owner": {filter{Owner: given("owner")}, filter{Owner: given("id")}},
	} {
		for _, selected := range []string{"id", "title", "owner"} {
			p := &published{room: r, selected: []string{selected}}
			require.Equal(t, selected == name, row.equal.matches(p), "%s, %s selected", name, selected)
			require.False(t, row.different.matches(p))
		}
	}
}

func TestValuesOfArguments(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		input any
		want  argument
	}{
		{omitted{}, argument{}},
		{nil, argument{given: true}},
		{"x", argument{true, pointer("x")}},
		{int32(7), argument{true, pointer("7")}},
	} {
		var a argument
		require.NoError(t, a.UnmarshalGraphQL(row.input))
		require.Equal(t, row.want, a)
	}
}
