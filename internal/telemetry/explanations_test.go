package telemetry

import (
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// Whatever this side finds wrong is explained, once for the process. A late or stray delivery
// and a message without a stamp have explanations of their own, see Delivered and Unstamped.
func TestErrorsAreExplainedOnce(t *testing.T) {
	t.Parallel()
	texts, all := make(map[string]bool), newFixture(t)
	for _, name := range []string{
		listen.DamagedStamp, listen.ForgedStamp, listen.Silence, listen.EarlyMessage, listen.StampPatternUnit,
	} {
		process := new(Process)
		f, other := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleHost)
		all.Erred(name)
		f.Erred(name)
		f.Erred(name)
		other.Erred(name)
		lines := f.logged(logrus.WarnLevel)
		require.Len(t, lines, 1, name)
		require.Regexp(t, `^pushgw: .{40,}; only the first such is logged, pushgw_errors\{error:`+name+`\} counts all$`, lines[0])
		require.Empty(t, other.logged(logrus.WarnLevel))
		text, _, _ := strings.Cut(lines[0], "; only the first such")
		texts[text] = true
	}
	require.Len(t, texts, len(explanations), "each has its own")
	require.Len(t, all.logged(logrus.WarnLevel), len(explanations), "one hides no other")
}

// A gateway's own words are logged where they came, once for each name and role, cut and
// without credentials.
func TestTheFirstErrorFrameOfEachNameIsLogged(t *testing.T) {
	t.Parallel()
	process := new(Process)
	f, host := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleHost)
	long := strings.Repeat("x", 201)
	for range 2 {
		f.ErrorFrame(&dialect.Error{Name: "Forbidden", Message: "Forbidden\n"})
		f.ErrorFrame(&dialect.Error{Name: "Other", Message: "Authorization: topsecret"})
		f.ErrorFrame(&dialect.Error{Name: "Throttled", Message: long})
		host.ErrorFrame(&dialect.Error{Name: "Forbidden"})
	}
	require.Equal(t, []string{
		`pushgw: the gateway sent a listener an error frame (Forbidden: "Forbidden\n", the answer to a message for which the API has no route); only the first such is logged, pushgw_errors{error:Forbidden} counts all`,
		`pushgw: the gateway sent a listener an error frame (Other: "Authorization: …"); only the first such is logged, pushgw_errors{error:Other} counts all`,
		`pushgw: the gateway sent a listener an error frame (Throttled: "` + long[1:] + `"); only the first such is logged, pushgw_errors{error:Throttled} counts all`,
	}, f.logged(logrus.WarnLevel))
	require.Equal(t, []string{
		`pushgw: the gateway sent a host an error frame (Forbidden: without a message, the answer to a message for which the API has no route); only the first such is logged, pushgw_errors{error:Forbidden} counts all`,
	}, host.logged(logrus.WarnLevel))
	require.ElementsMatch(t, []tagged{{2, "Forbidden"}, {2, "Other"}, {2, "Throttled"}}, f.flushed("errors", "error"))
	require.Len(t, f.found("response_success"), 6)
}

// The gateway's other errors come with their own words, to the script.
func TestTheGatewaysErrorsAreNotExplained(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"Forbidden", "Unauthorized", "Other", listen.LateDelivery, listen.StrayDelivery, listen.NoStamp} {
		f.Erred(name)
	}
	require.Empty(t, f.log.AllEntries())
	require.Len(t, f.flushed("errors", "error"), 6)
}
