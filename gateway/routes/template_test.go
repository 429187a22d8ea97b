package routes

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	const body = `{"a": "x\"<\n", "b": {"c": 7, "d": [true, "second"]}}`
	for template, want := range map[string]string{
		`"no placeholder for $5"`: `no placeholder for $5`,
		`""`:                      ``,
		`"$request.body.a"`:       "x\"<\n",
		`"${request.body.b.c}0 $request.body.b.d.1!"`:    `70 second!`,
		`"to $context.connectionId."`:                    `to id=.`,
		`"-$request.body.missing.at.all:"`:               `-:`,
		`{"text": "$request.body.a", "n": 1}`:            `{"text":"x\"<\n","n":1}`,
		`["$request.body.b.c", "$context.connectionId"]`: `["7","id="]`,
		`{"whole": "$request.body.b"}`:                   `{"whole":"{\"c\": 7, \"d\": [true, \"second\"]}"}`,
	} {
		var parsed Template
		require.NoError(t, json.Unmarshal([]byte(template), &parsed))
		require.Equal(t, want, parsed.fill("id=", body), template)
	}
	var parsed Template
	require.NoError(t, json.Unmarshal([]byte(`"-$request.body.a:"`), &parsed))
	require.Equal(t, "-:", parsed.fill("id=", "no JSON"))
}
