package routes

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheExampleIsRead(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../examples/routes.json")
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	routes, err := Read(file)
	require.NoError(t, err)
	require.Len(t, routes, 3)
}

func TestWhatCannotBeARoute(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		``:                                    "must be a JSON object",
		`[]`:                                  "must be a JSON object",
		`null`:                                "must have a route",
		`{}`:                                  "must have a route",
		`{"a": 1}`:                            `route "a": must be an object with join, broadcast and reply, each of them optional, not a JSON number`,
		`{"a": ["b"]}`:                        `route "a": must be an object with join, broadcast and reply, each of them optional, not a JSON array`,
		`{"a": {"broadcast": "all"}}`:         `route "a": broadcast: must be an object with group and message, not a JSON string`,
		`{"a": {"broadcast": {"to": "all"}}}`: `route "a": has the key "to", which nothing knows: a route has join, broadcast and reply, and a broadcast has group and message`,
		`{"a": {"answer": "b"}}`:              `route "a": has the key "answer", which nothing knows`,
		`{"$disconnect": {}}`:                 `route "$disconnect": there is no such key`,
		`{"": {}}`:                            `route "": there is no such key`,
		`{"$connect": {"reply": "b"}}`:        `route "$connect": can only join`,
		`{"a": {"broadcast": {}}}`:            `route "a": broadcast: must have a group and a message`,
		`{"a": {"reply": "$context.id"}}`:     `route "a": $context.id: only $context.connectionId and $request.body.`,
		`{"a": {"reply": {"b": "${request.header.x}"}}}`: "${request.header.x}: only",
		strings.Repeat(" ", maxFile) + `{"a": {}}`:       "must be at most",
	} {
		_, err := Read(strings.NewReader(file))
		require.ErrorContains(t, err, says, file)
	}
}
