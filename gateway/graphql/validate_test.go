package graphql

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// What is known from AppSync's answers is in its words. The rest has at least its kind.
func TestWhatIsWrongWithADocument(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const is = "Validation error of type "
	for query, message := range map[string]string{
		"{ getOrder(id: 1) { colour } }":                                                is + "FieldUndefined: Field 'colour' in type 'Order' is undefined @ 'getOrder/colour'",
		"{ getOrder(id: 1) { ...f } } fragment f on Order { items { colour } }":         is + "FieldUndefined: Field 'colour' in type 'Item' is undefined @ 'f/items/colour'",
		"{ getOrder { id } }":                                                           is + "MissingFieldArgument: Missing field argument id @ 'getOrder'",
		"{ getOrder(id: 1, x: 2) { id } }":                                              is + "UnknownArgument: Unknown field argument x @ 'getOrder'",
		"{ getOrder(id: 1) }":                                                           is + "SubSelectionRequired: Sub selection required for type Order of field getOrder @ 'getOrder'",
		"{ getOrder(id: 1) { id { x } } }":                                              is + "SubSelectionNotAllowed: Sub selection not allowed on leaf type ID of field id @ 'getOrder/id'",
		"query($x: ID) { getOrder(id: 1) { id } }":                                      is + "UnusedVariable: Unused variable x",
		"{ getOrder(id: $x) { id } }":                                                   is + "UndefinedVariable: Undefined variable x @ 'getOrder'",
		"query($x: String!) { getOrder(id: $x) { id } }":                                is + "VariableTypeMismatch: Variable type 'String!' doesn't match expected type 'ID!' @ 'getOrder'",
		"query($x: ID) { getOrder(id: $x) { id } }":                                     is + "VariableTypeMismatch: Variable type 'ID' doesn't match expected type 'ID!' @ 'getOrder'",
		"query($x: Nothing) { getOrder(id: $x) { id } }":                                is + "UnknownType: ",
		"{ getOrder(id: 1) { ...f } }":                                                  is + "UndefinedFragment: ",
		"{ getOrder(id: true) { id } }":                                                 is + "WrongType: ",
		"mutation { setStatus(id: 1, customer: 1, status: LOST) { id } }":               is + "WrongType: ",
		"{ getOrder(id: 1) @x { id } }":                                                 is + "UnknownDirective: ",
		"{ getOrder(id: 1) { id @skip } }":                                              is + "MissingFieldArgument: Missing directive argument if",
		"{ getOrder(id: 1) { id @skip(if: true, x: 1) } }":                              is + "UnknownArgument: Unknown directive argument x",
		"query($x: ID!) { getOrder(id: $x) { id } }":                                    "Variable 'x' has coerced Null value for NonNull type 'ID!'",
		"query a { getOrder(id: 1) { id } } query b { getOrder(id: 2) { id } }":         "Must provide operation name if query contains multiple operations.",
		"{ getOrder(id: 1) { id }":                                                      "Invalid Syntax: ",
		"subscription { a: onOrder { id } b: onOrder { id } }":                          "A subscription must have only one root field.",
		"subscription { ...s ...s } fragment s on Subscription { onOrder { id } ...s }": is + "FragmentCycle: ",
		"subscription { onOrder { id } }":                                               "Subscriptions are not supported over HTTP.",
	} {
		answer, published := f.execute(query, "null")
		require.Contains(t, gjson.Get(answer, "errors.#.message").Raw, string(jsontext.Encode(message)[1:len(jsontext.Encode(message))-1]), query)
		require.Equal(t, gjson.Null, gjson.Get(answer, "data").Type, query)
		require.Empty(t, published)
	}
}

// As on AWS such errors have neither a type nor a path, and a source that is null.
func TestFormOfAValidationError(t *testing.T) {
	t.Parallel()
	answer, _ := newFixture(t).execute("{ getOrder { id } }", "null")
	require.JSONEq(t, `{"data":null,"errors":[{"path":null,"locations":[{"line":1,"column":3,"sourceName":null}],
		"message":"Validation error of type MissingFieldArgument: Missing field argument id @ 'getOrder'"}]}`, answer)
}
