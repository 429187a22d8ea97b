package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// What no gateway may bring k6 to, whatever it does.
const (
	hostilePatience = 3 * time.Minute
	hostileMemory   = 400 << 20
	hostileLog      = 256 << 10 // bytes
)

// hostileRow is one way in which a gateway can be hostile, and what is to be seen of it.
type hostileRow struct {
	name      string
	dialects  []hostile.Dialect // default: both
	behaviour hostile.Behaviour
	secure    bool           // the client is told to use TLS, whatever the server does
	acts      string         // what the script does; see scripts/hostile.js
	options   string         // of the client, in JSON
	env       []string       // further variables and flags
	counts    map[string]int // Counters, as requireCounts has them
	log       []string       // each is part of a line that k6 has logged
	check     func(*testing.T, *outcome)
}

// The dialects of a row.
var (
	onlyAPIGateway = []hostile.Dialect{hostile.APIGateway}
	onlyAppSync    = []hostile.Dialect{hostile.AppSync}
	onlyEvents     = []hostile.Dialect{hostile.Events}
	bothDialects   = []hostile.Dialect{hostile.APIGateway, hostile.AppSync}
)

// runHostile runs each row in each of its dialects.
func runHostile(t *testing.T, rows []hostileRow) {
	t.Helper()
	skipShort(t)
	t.Parallel()
	for _, row := range rows {
		if row.dialects == nil {
			row.dialects = bothDialects
		}
		for _, dialect := range row.dialects {
			t.Run(string(dialect)+" "+row.name, func(t *testing.T) {
				t.Parallel()
				row.run(t, dialect)
			})
		}
	}
}

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("more than a hundred runs of k6")
	}
}

func (row *hostileRow) run(t *testing.T, dialect hostile.Dialect) {
	t.Helper()
	server := startHostile(t, dialect, row.behaviour)
	o := k6Within(t, hostilePatience, "scripts/hostile.js", append([]string{
		env("DIALECT", dialect), env("URL", hostileURL(dialect, row.secure, server)),
		env("OPTIONS", row.options), env("ACTS", row.acts),
	}, row.env...)...)
	t.Logf("memory: %d MB, exit: %d, said: %v", o.memory>>20, o.exit, o.objects)
	o.requireUnharmed(t)
	require.Zero(t, o.exit, "k6's exit code")
	if row.counts != nil {
		o.requireCounts(t, row.counts)
	}
	for _, part := range row.log {
		require.Contains(t, strings.Join(o.log, "\n"), part)
	}
	if row.check != nil {
		row.check(t, o)
	}
	o.requireConnectionsAddUp(t)
}

func startHostile(t *testing.T, dialect hostile.Dialect, behaviour hostile.Behaviour) *hostile.Server {
	t.Helper()
	server, err := hostile.Serve(dialect, behaviour)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server
}

// trapped is a row whose gateway sends the client on to another server, which it must
// not reach.
func trapped(t *testing.T, row hostileRow, redirect func(to *hostile.Server) hostile.Behaviour) hostileRow {
	t.Helper()
	trap, err := hostile.Trap()
	require.NoError(t, err)
	t.Cleanup(trap.Close)
	check := row.check
	row.behaviour = redirect(trap)
	row.check = func(t *testing.T, o *outcome) {
		require.Empty(t, trap.Strayed(), "what has gone to another server")
		if check != nil {
			check(t, o)
		}
	}
	return row
}

func hostileURL(dialect hostile.Dialect, secure bool, server *hostile.Server) string {
	scheme, path := "ws", "/dev"
	switch dialect {
	case hostile.AppSync:
		scheme, path = "http", "/graphql"
	case hostile.Events:
		scheme, path = "http", "/event"
	case hostile.APIGateway:
	}
	if secure {
		scheme += "s"
	}
	return scheme + "://" + server.Address() + path
}

// requireUnharmed is true of a run that didn't crash, and whose memory and log have
// not grown beyond their bounds.
func (o *outcome) requireUnharmed(t *testing.T) {
	t.Helper()
	for _, sign := range []string{"panic", "goroutine ", "fatal error", "SIGSEGV"} {
		at := strings.Index(o.stderr, sign)
		require.Negative(t, at, "k6 wrote: %s", o.stderr[max(at, 0):min(max(at, 0)+300, len(o.stderr))])
	}
	require.Less(t, o.memory, int64(hostileMemory), "the memory k6 needed")
	require.Less(t, len(o.stderr), hostileLog, "what k6 has logged")
}

// requireConnectionsAddUp holds listen()'s result against itself.
func (o *outcome) requireConnectionsAddUp(t *testing.T) {
	t.Helper()
	if r := o.resultOf("listen"); r.Exists() {
		require.Equal(t, r.Get("opened").Int(), r.Get("ready").Int()+r.Get("failed").Int()+r.Get("unfinished").Int(),
			"opened = ready + failed + unfinished, of %s", r)
	}
}

// resultOf is what an act of the script resolved with.
func (o *outcome) resultOf(act string) gjson.Result { return o.saidOf(act).Get("result") }

// saidOf is what the script said of an act.
func (o *outcome) saidOf(act string) gjson.Result {
	for _, said := range o.objects {
		if said.Get("act").Str == act {
			return said
		}
	}
	return gjson.Result{}
}

// failedIn are the counts where all three connections fail in one phase: two that
// listen, and one that the script drives.
func failedIn(phase string) map[string]int {
	return map[string]int{"pushgw_connect_failed": 3, "pushgw_connect_failed phase=" + phase: 3, "pushgw_closed": closedIn[phase]}
}

// closedIn is how many of three that fail in a phase had been open.
var closedIn = map[string]int{"handshake": 3}
