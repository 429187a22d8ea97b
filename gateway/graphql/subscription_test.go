package graphql

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Which subscriptions get an order {customer: "7", status: PLACED, note: null}, of which all
// but the items are selected.
func TestSubscriptionsMatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, published := f.execute(`mutation { placeOrder(input: { customer: 7, items: [] }) { id customer status } }`, "null")
	require.Len(t, published, 1)
	for name, row := range map[string]struct {
		query, variables string
		matches          bool
	}{
		"none":                 {"subscription { onOrder { id } }", "null", true},
		"equal":                {`subscription { onOrder(customer: "7") { id } }`, "null", true},
		"equal, as a number":   {"subscription { onOrder(customer: 7) { id } }", "null", true},
		"different":            {`subscription { onOrder(customer: "8") { id } }`, "null", false},
		"one of two different": {"subscription { onOrder(customer: 7, status: SHIPPED) { id } }", "null", false},
		"null":                 {"subscription { onOrder(customer: null) { id } }", "null", false},
		"variable":             {"subscription($c: ID) { onOrder(customer: $c) { id } }", `{"c":"7"}`, true},
		"variable, different":  {"subscription($c: ID) { onOrder(customer: $c) { id } }", `{"c":"8"}`, false},
		"variable, null":       {"subscription($c: ID) { onOrder(customer: $c) { id } }", `{"c":null}`, false},
		"variable, not given":  {"subscription($c: ID) { onOrder(customer: $c) { id } }", `{}`, true},
		"default":              {"subscription($s: Status = SHIPPED) { onOrder(status: $s) { id } }", `{}`, false},
		"default, given":       {"subscription($s: Status = SHIPPED) { onOrder(status: $s) { id } }", `{"s":"PLACED"}`, true},
	} {
		s, wrong := f.subscribe(row.query, row.variables)
		require.Empty(t, wrong, name)
		require.Equal(t, row.matches, s.Matches(published[0]), name)
	}
}

// A subscription hears the mutations that it names, and no others.
func TestSubscriptionsHearTheirMutations(t *testing.T) {
	t.Parallel()
	f := &fixture{t, MustLoad("s", `
		type T { id: ID! }
		type Query { t: T }
		type Mutation { one: T two: T three: T }
		type Subscription {
			both: T @aws_subscribe(mutations: ["one", "two"])
			last(id: ID! = "x", other: Int): T @aws_subscribe(mutations: ["three"])
			none: T
		}`)}
	_, published := f.execute("mutation { one { id } two { id } three { id } }", "null")
	require.Len(t, published, 3)
	for query, want := range map[string][]bool{
		"subscription { both { id } }":              {true, true, false},
		"subscription { last(other: null) { id } }": {false, false, false}, // its id has a default
		"subscription { none { id } }":              {false, false, false},
	} {
		s, wrong := f.subscribe(query, "null")
		require.Empty(t, wrong)
		var got []bool
		for _, event := range published {
			got = append(got, s.Matches(event))
		}
		require.Equal(t, want, got, query)
	}
	_, wrong := f.subscribe("subscription { last(other: 1) { id } }", "null")
	require.Equal(t, "Argument 'other' is no field of type 'T': the local gateway has no enhanced filters.", wrong[0].Message)
	_, wrong = f.subscribe("subscription { both @skip(if: true) { id } }", "null")
	require.Len(t, wrong, 1)
	_, wrong = f.subscribe("subscription { __typename }", "null")
	require.Len(t, wrong, 1)
}

// A subscriber gets what both the mutation and the subscription select, at every depth.
func TestPayloads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, published := f.execute(`mutation { placeOrder(input: { customer: 7, note: "n", items: [{ name: "tea" }] }) { c: customer items { name } } }`, "null")
	require.JSONEq(t, `{"customer":"7","items":[{"name":"tea"}]}`, string(published[0].Text()))
	for selection, want := range map[string]string{
		"{ customer note items { name } }": `{"data":{"onOrder":{"customer":"7","note":null,"items":[{"name":"tea"}]}}}`,
		"{ __typename }":                   `{"data":{"onOrder":{"__typename":"Order"}}}`,
		"{ items { count } }": `{"data":{"onOrder":{"items":null}},"errors":[{"path":["onOrder","items",0,"count"],"locations":null,` +
			`"message":"Cannot return null for non-nullable type: 'Int' within parent 'Item' (/onOrder/items/0/count)"}]}`,
	} {
		s, wrong := f.subscribe("subscription { onOrder "+selection+" }", "null")
		require.Empty(t, wrong)
		require.Equal(t, want, string(s.Payload(published[0])))
	}
}
