package graphql

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// Whatever a client asks for, the answer is JSON.
func FuzzRequests(f *testing.F) {
	text, err := os.ReadFile("../../examples/orders.graphql")
	require.NoError(f, err)
	schema := MustLoad("orders.graphql", string(text))
	for _, query := range []string{
		place, `{ getOrder(id: 1) { ...f } __schema { types { name } } } fragment f on Order { id @skip(if: false) items { name } }`,
		`subscription($c: ID = 7, $s: Status) { onOrder(customer: $c, status: $s) { id __typename } }`,
		`mutation { placeOrder(input: { customer: 1, items: [{ name: "a", count: 99999999999 }] }) { id } }`,
	} {
		f.Add(query, `{"input":{"customer":"7","items":[{"name":"tea"}]},"c":null}`)
	}
	f.Fuzz(func(t *testing.T, query, variables string) {
		request := Request{Query: query}
		_ = json.Unmarshal([]byte(variables), &request.Variables)
		operation, wrong := schema.Prepare(request)
		if wrong != nil {
			return
		}
		if operation.IsSubscription() {
			s, denied := operation.Subscription()
			if denied != nil {
				return
			}
			event := &Event{mutation: "placeOrder", value: map[string]any{"id": "1"}}
			s.Matches(event)
			require.True(t, json.Valid(s.Payload(event)))
		}
		require.True(t, json.Valid(jsontext.Encode(operation.Execute(func(*Event) {}))))
	})
}
