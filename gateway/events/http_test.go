package events

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestPublishOverHTTP(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.subscribe("s", "default/a")
	status, answer := f.post(`{"channel":"default/a","events":["1","2"]}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "[0,1]", gjson.Get(answer, "successful.#.index").Raw)
	require.Equal(t, "[]", gjson.Get(answer, "failed").Raw)
	require.JSONEq(t, `{"id":"s","type":"data","event":"1"}`, c.receive())
	require.JSONEq(t, `{"id":"s","type":"data","event":"2"}`, c.receive())
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	const good = `{"channel":"default/a","events":["1"]}`
	for name, row := range map[string]struct {
		method, path, body, key string
		status                  int
		errorType               string
	}{
		"another method": {http.MethodGet, "/event", "", apiKey, 404, "UnknownOperationException"},
		"another path":   {http.MethodPost, "/event/realtime", good, apiKey, 404, "UnknownOperationException"},
		"a wrong key":    {http.MethodPost, "/event", good, "other", 401, "UnauthorizedException"},
		"no JSON":        {http.MethodPost, "/event", "{", apiKey, 400, "BadRequestException"},
		"no events":      {http.MethodPost, "/event", `{"channel":"default/a"}`, apiKey, 400, "BadRequestException"},
		"too many":       {http.MethodPost, "/event", `{"channel":"default/a","events":["1","1","1","1","1","1"]}`, apiKey, 400, "BadRequestException"},
		"a bad channel":  {http.MethodPost, "/event", `{"channel":"default/*","events":["1"]}`, apiKey, 400, "BadRequestException"},
		"no namespace":   {http.MethodPost, "/event", `{"channel":"elsewhere","events":["1"]}`, apiKey, 401, "UnauthorizedException"},
		"too long":       {http.MethodPost, "/event", strings.Repeat(" ", maxRequest+1), apiKey, 400, "BadRequestException"},
	} {
		status, answer := f.do(row.method, row.path, row.body, "x-api-key", row.key)
		require.Equal(t, row.status, status, name)
		require.Equal(t, row.errorType, gjson.Get(answer, "errors.0.errorType").Str, name)
	}
	require.Zero(t, f.gateway.Tally.Report().Totals.Unstamped, "nothing was published")
}

// An event that is too long is lost on its way, and its publisher isn't told.
func TestEventsThatAreTooLong(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.dial()
	c.subscribe("s", "default/a")
	long := strings.Repeat("1", maxEvent+1)
	status, answer := f.post(fmt.Sprintf(`{"channel":"default/a","events":[%q,"2"]}`, long))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "[0,1]", gjson.Get(answer, "successful.#.index").Raw)
	require.JSONEq(t, `{"id":"s","type":"data","event":"2"}`, c.receive())
	require.EqualValues(t, 1, f.gateway.Tally.Report().Totals.Dropped)
}

// What the fault has fail reaches nobody, and the publisher learns which it was.
func TestFailedEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.fault(`{"failEvent": "1/2"}`)
	_, answer := f.post(`{"channel":"default/a","events":["1","2","3","4"]}`)
	require.Equal(t, "[0,2]", gjson.Get(answer, "successful.#.index").Raw)
	require.Equal(t, "[1,3]", gjson.Get(answer, "failed.#.index").Raw)
	require.EqualValues(t, 500, gjson.Get(answer, "failed.0.code").Int())
	require.EqualValues(t, 2, f.gateway.Tally.Report().Totals.Unstamped)
}
