package telemetry

import (
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// Whatever this side finds wrong is explained, once for the process. A late delivery and a
// message without a stamp have explanations of their own, see Delivered and Unstamped.
func TestErrorsAreExplainedOnce(t *testing.T) {
	t.Parallel()
	texts, all := make(map[string]bool), newFixture(t)
	for _, name := range []string{
		listen.DamagedStamp, listen.ForgedStamp, listen.StrayDelivery, listen.Silence, listen.EarlyMessage, listen.StampPatternUnit,
	} {
		process := new(Process)
		f, other := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleHost)
		all.Erred(name)
		f.Erred(name)
		f.Erred(name)
		other.Erred(name)
		lines := f.logged(logrus.WarnLevel)
		require.Len(t, lines, 1, name)
		require.Regexp(t, `^pushgw: .{40,}; of further ones, pushgw_errors\{error:`+name+`\} tells$`, lines[0])
		require.Empty(t, other.logged(logrus.WarnLevel))
		text, _, _ := strings.Cut(lines[0], "; of further ones")
		texts[text] = true
	}
	require.Len(t, texts, len(explanations), "each has its own")
	require.Len(t, all.logged(logrus.WarnLevel), len(explanations), "one hides no other")
}

// The gateway's own errors come with their own words, to the script.
func TestTheGatewaysErrorsAreNotExplained(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"Forbidden", "Unauthorized", "Other", listen.LateDelivery, listen.NoStamp} {
		f.Erred(name)
	}
	require.Empty(t, f.log.AllEntries())
	require.Len(t, f.flushed("errors", "error"), 5)
}
