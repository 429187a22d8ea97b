package graphql

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchemasThatCannotBe(t *testing.T) {
	t.Parallel()
	const rest = " type T { id: ID } type U { id: ID } type Query { t: T } type Mutation { t: T u: U }"
	for text, wrong := range map[string]string{
		"type {":                       "my.graphql:1",
		"type Query { t: Nothing }":    "Nothing",
		"type Query { t: Int @model }": "model",
		"type Subscription { t: T @aws_subscribe(mutations: [\"v\"]) }" + rest:                  `my.graphql:1:54: The subscription t hears "v", which is no mutation.`,
		"type Subscription { t: T @aws_subscribe(mutations: [\"u\"]) }" + rest:                  "The subscription t has the type T, and the mutation u that it hears has U.",
		"type Subscription { t: T @aws_subscribe }" + rest:                                      "mutations",
		"type Subscription { t: T @aws_subscribe(mutations: 1) }" + rest:                        `hears "1", which is no mutation`,
		"type Subscription { t: Int @aws_subscribe(mutations: [\"t\"]) } type Query { t: Int }": "no mutation",
	} {
		_, err := Load("my.graphql", text)
		require.ErrorContains(t, err, wrong, text)
	}
}

// A schema may declare what AppSync has by itself.
func TestDeclaredScalars(t *testing.T) {
	t.Parallel()
	_, err := Load("s", `scalar AWSDateTime directive @aws_subscribe(mutations: [String]) on FIELD_DEFINITION type Query { at: AWSDateTime, url: AWSURL @aws_iam }`)
	require.NoError(t, err)
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for query, want := range map[string]string{
		`__type(name: "Item") { kind name fields { name type { kind name ofType { name } } } }`: `{"__type":{"kind":"OBJECT","name":"Item","fields":[` +
			`{"name":"name","type":{"kind":"NON_NULL","name":null,"ofType":{"name":"String"}}},{"name":"count","type":{"kind":"NON_NULL","name":null,"ofType":{"name":"Int"}}}]}}`,
		`__type(name: "ItemInput") { inputFields { name defaultValue } }`: `{"__type":{"inputFields":[{"name":"name","defaultValue":null},{"name":"count","defaultValue":"1"}]}}`,
		`__type(name: "Status") { enumValues { name isDeprecated } }`:     `{"__type":{"enumValues":[{"name":"PLACED","isDeprecated":false},{"name":"SHIPPED","isDeprecated":false}]}}`,
		`__type(name: "Nothing") { name }`:                                `{"__type":null}`,
		`__schema { queryType { name fields { name args { name } } } subscriptionType { name } }`: `{"__schema":{"queryType":{"name":"Query","fields":[` +
			`{"name":"getOrder","args":[{"name":"id"}]},{"name":"ordersOf","args":[{"name":"customer"},{"name":"limit"}]}]},"subscriptionType":{"name":"Subscription"}}}`,
	} {
		answer, _ := f.execute("{ "+query+" }", "null")
		require.Equal(t, `{"data":`+want+`}`, answer)
	}
	// What tools ask for, which must be complete and free of errors.
	answer, _ := f.execute(`{ __schema { types { ...t } directives { name isRepeatable locations args { ...v } } } }
		fragment t on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name args { ...v } type { ...r } isDeprecated deprecationReason }
			inputFields { ...v } interfaces { ...r } enumValues(includeDeprecated: true) { name isDeprecated } possibleTypes { ...r } }
		fragment v on __InputValue { name description type { ...r } defaultValue }
		fragment r on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`, "null")
	require.NotContains(t, answer, `"errors"`)
	require.Contains(t, answer, `"AWSDateTime"`)
}
