package graphql

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// fixture is the schema of the example.
type fixture struct {
	*testing.T

	schema *Schema
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	text, err := os.ReadFile("../../examples/orders.graphql")
	require.NoError(t, err)
	schema, err := Load("orders.graphql", string(text))
	require.NoError(t, err)
	return &fixture{t, schema}
}

// execute answers a request, and returns what it published.
func (f *fixture) execute(query, variables string) (answer string, published []*Event) {
	f.Helper()
	request, err := Read([]byte(`{"query":` + string(jsontext.Encode(query)) + `,"variables":` + variables + `}`))
	require.NoError(f, err)
	operation, wrong := f.schema.Prepare(request)
	if wrong != nil {
		return string(jsontext.Encode(Response{Errors: wrong})), nil
	}
	r := operation.Execute(func(e *Event) { published = append(published, e) })
	return string(jsontext.Encode(r)), published
}

// subscribe returns a subscription, or the errors.
func (f *fixture) subscribe(query, variables string) (*Subscription, []Error) {
	f.Helper()
	request, err := Read([]byte(`{"query":` + string(jsontext.Encode(query)) + `,"variables":` + variables + `}`))
	require.NoError(f, err)
	operation, wrong := f.schema.Prepare(request)
	if wrong != nil {
		return nil, wrong
	}
	subscription, denied := operation.Subscription()
	if denied != nil {
		return nil, []Error{*denied}
	}
	return subscription, nil
}
