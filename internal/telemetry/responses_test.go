package telemetry

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/listen"
)

func TestResponsesAreGoodOrBad(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Answered()
	f.RequestFailed(errors.New("no answer"))
	f.Erred("Forbidden")
	f.Answered()
	require.Equal(t, []tagged{{1, ""}, {0, ""}, {0, ""}, {1, ""}}, f.flushed("response_success"))
	require.Equal(t, []tagged{{1, "Forbidden"}}, f.found("errors", "error"))
}

// What this side finds wrong by itself is no response of the gateway's.
func TestErrorsThatAreNoResponses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"DamagedStamp", "LateDelivery", "StrayDelivery", "Silence", "NoStamp", "ForgedStamp", "StampPatternUnit", "EarlyMessageDropped",
		"ProtocolError", "MessageTooBig",
	} {
		require.False(t, listen.IsResponse(name))
		f := newFixture(t)
		f.Erred(name)
		f.Erred(name)
		require.Equal(t, []tagged{{2, name}}, f.flushed("errors", "error"))
		require.Empty(t, f.found("response_success"))
	}
}

func TestStepsOfHandshakesAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.NoError(t, f.metrics.AddCounter("welcome_counter"))
	require.NoError(t, f.metrics.AddCounter("welcome_counter"))
	require.NoError(t, f.metrics.AddCounter("other_counter"))
	require.ErrorContains(t, f.metrics.AddCounter("no-metric"), `metric "no-metric": `)
	require.Error(t, f.metrics.AddCounter("ws_ping"), "it is a trend")
	f.Counted("welcome_counter")
	f.Counted("welcome_counter")
	f.Counted("unknown_counter")
	require.Equal(t, []tagged{{2, ""}}, f.flushed("welcome_counter"))
	require.Empty(t, f.found("other_counter"))
}
