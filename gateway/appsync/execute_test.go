package appsync

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestEncodeLeavesHTMLAsItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"type":"<&>"}`, string(encode(message{Type: "<&>"})))
}

func TestOperationsByName(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	const two = "subscription A { onCreateRoom { id } } subscription B { onCreateRoom { title } }"
	f.subscribe(conn, "1", `{"query":"`+two+`","operationName":"B"}`)
	f.publish("tea")
	require.JSONEq(t, `{"data":{"onCreateRoom":{"title":"tea"}}}`, gjson.Get(receive(t, conn), "payload").Raw)
}

// Variables that the document names but the request doesn't give are omitted, not
// null. Others are passed on as they are.
func TestOmittedVariables(t *testing.T) {
	t.Parallel()
	q := request{Query: "subscription($a: ID, $b_2: String) { x(a: $a, b: $b_2) }", Variables: map[string]any{"a": nil, "c": 1}}
	require.Equal(t, map[string]any{"a": nil, "b_2": omitted{}, "c": 1}, withOmitted(q))
	require.Equal(t, map[string]any{"a": nil, "c": 1}, q.Variables)
}
