package appsync

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOperationData(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		op   Operation
		want string
	}{
		{
			"as it would be signed",
			Operation{Query: "subscription S($c:ID!){onMsg(ch:$c){id ch}}", Variables: json.RawMessage(`{"c":"a"}`)},
			`{"query":"subscription S($c:ID!){onMsg(ch:$c){id ch}}","variables":{"c":"a"}}`,
		},
		{"no variables", Operation{Query: "{a}"}, `{"query":"{a}","variables":{}}`},
		{"a name", Operation{Query: "query A{a}", Name: "A"}, `{"query":"query A{a}","variables":{},"operationName":"A"}`},
		{
			"compact, but not inside strings",
			Operation{Query: "{\n\ta\r}", Variables: json.RawMessage("\n{ \"b\" : [ 1, \"c  d\" ] } ")},
			`{"query":"{\n\ta\r}","variables":{"b":[1,"c  d"]}}`,
		},
		{
			"nothing is escaped that needn't be",
			Operation{Query: "{a(b:\"<&>\u2028\u2029é😀/\x7f\")}", Variables: json.RawMessage("{\"c\":\"<&>\u2028\u2029\"}")},
			"{\"query\":\"{a(b:\\\"<&>\u2028\u2029é😀/\x7f\\\")}\",\"variables\":{\"c\":\"<&>\u2028\u2029\"}}",
		},
		{"control characters and a backslash", Operation{Query: "\\\x00\x1f"}, `{"query":"\\\u0000\u001f","variables":{}}`},
		{"not UTF-8", Operation{Query: "a\xffb"}, "{\"query\":\"a\uFFFDb\",\"variables\":{}}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data, err := test.op.Data()
			require.NoError(t, err)
			assert.Equal(t, test.want, data)
			assert.True(t, json.Valid([]byte(data)))
		})
	}
}

func TestOperationDataErrors(t *testing.T) {
	t.Parallel()
	for _, op := range []Operation{
		{},
		{Query: "{a}", Variables: json.RawMessage(`[1]`)},
		{Query: "{a}", Variables: json.RawMessage(`null`)},
		{Query: "{a}", Variables: json.RawMessage(`{"b":}`)},
		{Query: "{a}", Variables: json.RawMessage(`{} {}`)},
	} {
		_, err := op.Data()
		assert.Error(t, err, "%s", op.Variables)
	}
}
