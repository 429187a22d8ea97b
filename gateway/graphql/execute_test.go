package graphql

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Responses have the order of the selections.
func TestSelections(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arguments = `(id: "1", customer: 7, status: SHIPPED)`
	for selection, want := range map[string]string{
		"{ status id }":                                    `{"status":"SHIPPED","id":"1"}`,
		"{ a: id b: id }":                                  `{"a":"1","b":"1"}`,
		"{ id id }":                                        `{"id":"1"}`,
		"{ __typename kind: __typename }":                  `{"__typename":"Order","kind":"Order"}`,
		"{ ... on Order { id } ... { customer } }":         `{"id":"1","customer":"7"}`,
		"{ id @skip(if: true) status @include(if: true) }": `{"status":"SHIPPED"}`,
		"{ id @include(if: false) status }":                `{"status":"SHIPPED"}`,
		"{ note items { name } }":                          `{"note":null,"items":null}`,
	} {
		answer, _ := f.execute("mutation { setStatus"+arguments+selection+" }", "null")
		require.Equal(t, `{"data":{"setStatus":`+want+`}}`, answer, selection)
	}
	answer, _ := f.execute("mutation($x: Boolean!) { setStatus"+arguments+"{ ...f } } fragment f on Order { id @skip(if: $x) status }", `{"x":true}`)
	require.Equal(t, `{"data":{"setStatus":{"status":"SHIPPED"}}}`, answer)
}

// Null in place of what can't be null makes the nearest null that can be.
func TestNullGoesUp(t *testing.T) {
	t.Parallel()
	f := &fixture{t, MustLoad("s", `
		type T { must: String! inner: T all: [T!] some: [T] }
		input I { must: String inner: I all: [I] some: [I] }
		type Query { t: T }
		type Mutation { t(i: I): T  u(i: I): T! }`)}
	failed := func(path string) string {
		return `"errors":[{"path":` + path + `,"locations":null,"message":"Cannot return null for non-nullable type: 'String' within parent 'T' `
	}
	for query, want := range map[string]string{
		`t(i: {}) { must }`: `{"data":{"t":null},` + failed(`["t","must"]`) + `(/t/must)"}]}`,
		`t(i: {must: "x", inner: {}}) { must inner { must } }`: `{"data":{"t":{"must":"x","inner":null}},` + failed(`["t","inner","must"]`) + `(/t/inner/must)"}]}`,
		`t(i: {all: [{must: "x"}, {}]}) { all { must } }`:      `{"data":{"t":{"all":null}},` + failed(`["t","all",1,"must"]`) + `(/t/all/1/must)"}]}`,
		`t(i: {some: [{}, {must: "x"}]}) { some { must } }`:    `{"data":{"t":{"some":[null,{"must":"x"}]}},` + failed(`["t","some",0,"must"]`) + `(/t/some/0/must)"}]}`,
		`a: t(i: {must: "x"}) { must } u(i: {}) { must }`:      `{"data":null,` + failed(`["u","must"]`) + `(/u/must)"}]}`,
	} {
		answer, _ := f.execute("mutation { "+query+" }", "null")
		require.Equal(t, want, answer, query)
	}
}
