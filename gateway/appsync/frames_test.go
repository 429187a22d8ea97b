package appsync

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestOperationsByName(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	const two = "subscription A { onCreateRoom { id } } subscription B { onCreateRoom { title } }"
	f.subscribe(conn, "1", `{"query":"`+two+`","operationName":"B"}`)
	f.publish("tea")
	require.JSONEq(t, `{"data":{"onCreateRoom":{"title":"tea"}}}`, gjson.Get(receive(t, conn), "payload").Raw)
}
