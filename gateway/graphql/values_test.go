package graphql

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

const place = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { customer status items { name count } note } }"

func TestVariables(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for variables, want := range map[string]string{
		`{"input":{"customer":"7","items":[{"name":"tea","count":2}],"note":"<&>"}}`:     `{"customer":"7","status":"PLACED","items":[{"name":"tea","count":2}],"note":"<&>"}`,
		`{"input":{"customer":7,"items":{"name":"tea"},"status":"SHIPPED","note":null}}`: `{"customer":"7","status":"SHIPPED","items":[{"name":"tea","count":1}],"note":null}`,
		`{"input":{"customer":"7","items":[]},"other":1}`:                                `{"customer":"7","status":"PLACED","items":[],"note":null}`,
	} {
		answer, _ := f.execute(place, variables)
		require.Equal(t, `{"data":{"placeOrder":`+want+`}}`, answer)
	}
	for variables, wrong := range map[string]string{
		`{}`:                     "Variable 'input' has coerced Null value for NonNull type 'PlaceOrderInput!'",
		`{"input":null}`:         "Variable 'input' has coerced Null value for NonNull type 'PlaceOrderInput!'",
		`{"input":{"items":[]}}`: "Variable 'input' has coerced Null value for NonNull type 'ID!'",
		`{"input":{"customer":"7","items":[{}]}}`:   "Variable 'input' has coerced Null value for NonNull type 'String!'",
		`{"input":{"customer":"7","items":[null]}}`: "Variable 'input' has coerced Null value for NonNull type 'ItemInput!'",
		`{"input":7}`:                                                          "Variable 'input' has an invalid value. Expected type 'PlaceOrderInput' but was 'Integer'.",
		`{"input":{"customer":true,"items":[]}}`:                               "Variable 'input' has an invalid value. Expected type 'ID' but was 'Boolean'.",
		`{"input":{"customer":"7","items":[],"status":"LOST"}}`:                "Variable 'input' has an invalid value. Expected type 'Status' but was 'String'.",
		`{"input":{"customer":"7","items":[{"name":"x","count":1.5}]}}`:        "Variable 'input' has an invalid value. Expected type 'Int' but was 'Double'.",
		`{"input":{"customer":"7","items":[{"name":"x","count":1e10}]}}`:       "Variable 'input' has an invalid value. Expected type 'Int' but was 'Double'.",
		`{"input":{"customer":"7","items":[{"name":"x","count":9999999999}]}}`: "Variable 'input' has an invalid value. Expected type 'Int' but was 'Integer'.",
		`{"input":{"customer":"7","items":[],"colour":"red"}}`:                 "Variable 'input' has an invalid value. The field 'colour' is not defined for the input type 'PlaceOrderInput'.",
	} {
		answer, published := f.execute(place, variables)
		require.Equal(t, wrong, gjson.Get(answer, "errors.0.message").Str, variables)
		require.Empty(t, published)
	}
}

func TestScalars(t *testing.T) {
	t.Parallel()
	schema := MustLoad("s", `
		type T { s: String i: Int f: Float b: Boolean id: ID stamp: AWSTimestamp json: AWSJSON date: AWSDateTime own: Own }
		scalar Own
		type Query { t: T }
		type Mutation { t(s: String, i: Int, f: Float, b: Boolean, id: ID, stamp: AWSTimestamp, json: AWSJSON, date: AWSDateTime, own: Own): T }`)
	f := &fixture{t, schema}
	for given, answered := range map[string]string{
		`s: "x"`: `"x"`, `i: 1`: `1`, `f: 1`: `1`, `f: 1.5`: `1.5`, `b: true`: `true`, `id: 1`: `"1"`, `id: "x"`: `"x"`, `stamp: 1735689600`: `1735689600`,
		`json: "{}"`: `"{}"`, `date: "2026-01-02T03:04:05Z"`: `"2026-01-02T03:04:05Z"`, `own: {a: [1]}`: `{"a":[1]}`, `s: null`: `null`,
		`stamp: 99999999999999999999`: `null`, `json: 1`: `null`, `date: 1`: `null`,
	} {
		name, _, _ := strings.Cut(given, ":")
		answer, _ := f.execute("mutation { t("+given+") { v: "+name+" } }", "null")
		if answered == "null" && given != "s: null" {
			require.Contains(t, gjson.Get(answer, "errors.0.message").Str, "invalid value", given)
			continue
		}
		if name == "own" {
			answer, _ = f.execute("mutation { t("+given+") { own } }", "null")
			require.JSONEq(t, `{"data":{"t":{"own":`+answered+`}}}`, answer)
			continue
		}
		require.Equal(t, `{"data":{"t":{"v":`+answered+`}}}`, answer, given)
	}
}
