package graphql

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// Ids and times that no argument gives are made, those that one gives are kept.
func TestWhatIsMade(t *testing.T) {
	t.Parallel()
	begin := time.Now().Truncate(time.Millisecond)
	f := newFixture(t)
	answer, _ := f.execute(`mutation { placeOrder(input: { customer: 7, items: [] }) { id updatedAt note } }`, "null")
	order := gjson.Get(answer, "data.placeOrder")
	require.Len(t, order.Get("id").Str, 36)
	updated, err := time.Parse("2006-01-02T15:04:05.000Z", order.Get("updatedAt").Str)
	require.NoError(t, err)
	require.WithinRange(t, updated, begin, time.Now())
	require.Equal(t, gjson.Null, order.Get("note").Type)
	answer, _ = f.execute(`mutation { setStatus(id: "mine", customer: 7, status: PLACED) { id } }`, "null")
	require.Equal(t, `{"data":{"setStatus":{"id":"mine"}}}`, answer)
}

// A mutation may answer with a list or with a scalar.
func TestOtherAnswers(t *testing.T) {
	t.Parallel()
	f := &fixture{t, MustLoad("s", `
		type T { x: Int createdAt: AWSTimestamp }
		type Query { t: T }
		interface Named { name: String! }
		type Person implements Named { name: String! age: Int }
		type Mutation { list(x: Int): [T!]! say(text: String!): String! id: ID! named(name: String!): Named }`)}
	answer, _ := f.execute(`mutation { list(x: 1) { x } say(text: "hello") named(name: "me") { __typename name ... on Person { age } } }`, "null")
	require.Equal(t, `{"data":{"list":[{"x":1}],"say":"hello","named":{"__typename":"Person","name":"me","age":null}}}`, answer)
	answer, _ = f.execute(`mutation { id list { createdAt } }`, "null")
	require.Len(t, gjson.Get(answer, "data.id").Str, 36)
	require.InDelta(t, time.Now().Unix(), gjson.Get(answer, "data.list.0.createdAt").Int(), 100)
}

func TestQueriesFindWhatMutationsAnswered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 2*maxAnswers + 10 { // the ring goes around twice
		f.execute(fmt.Sprintf(`mutation { setStatus(id: %d, customer: %d, status: PLACED) { id } }`, i, i%2), "null")
	}
	for query, want := range map[string]string{
		`getOrder(id: 2009) { id customer }`:      `{"getOrder":{"id":"2009","customer":"1"}}`,
		`getOrder(id: 1010) { id }`:               `{"getOrder":{"id":"1010"}}`,
		`getOrder(id: 1009) { id }`:               `{"getOrder":null}`, // forgotten
		`ordersOf(customer: 0, limit: 2) { id }`:  `{"ordersOf":[{"id":"2008"},{"id":"2006"}]}`,
		`ordersOf(customer: 5) { id }`:            `{"ordersOf":[]}`,
		`ordersOf(customer: 1, limit: -1) { id }`: `{"ordersOf":[]}`,
	} {
		answer, _ := f.execute("{ "+query+" }", "null")
		require.Equal(t, `{"data":`+want+`}`, answer)
	}
	answer, _ := f.execute("{ ordersOf(customer: 1) { id } }", "null")
	require.Len(t, gjson.Get(answer, "data.ordersOf").Array(), 100)
}
