package e2e

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// What no gateway may bring k6 to, whatever it does.
const (
	hostilePatience = 20 * time.Second
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

// Of which dialect a row is that isn't for both.
var (
	onlyAPIGateway = []hostile.Dialect{hostile.APIGateway}
	onlyAppSync    = []hostile.Dialect{hostile.AppSync}
	bothDialects   = []hostile.Dialect{hostile.APIGateway, hostile.AppSync}
)

// runHostile runs each row in each of its dialects.
func runHostile(t *testing.T, rows []hostileRow) {
	t.Helper()
	if testing.Short() {
		t.Skip("hundred runs of k6")
	}
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

func (row *hostileRow) run(t *testing.T, dialect hostile.Dialect) {
	t.Helper()
	server := startHostile(t, dialect, row.behaviour)
	o := k6Within(t, hostilePatience, "scripts/hostile.js", append([]string{
		env("DIALECT", dialect), env("URL", hostileURL(dialect, row.secure, server)),
		env("OPTIONS", row.options), env("ACTS", row.acts),
	}, row.env...)...)
	t.Logf("memory: %d MB, exit: %d, said: %v", o.memory>>20, o.exit, o.said)
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
	if dialect == hostile.AppSync {
		scheme, path = "http", "/graphql"
	}
	if secure {
		scheme += "s"
	}
	return scheme + "://" + server.Address() + path
}

// requireUnharmed is true of a run that has come to its own end: it has not crashed,
// and neither its memory nor its log has grown beyond a bound.
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
	for _, said := range o.said {
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

// notByTimeout is true of a run in which nothing was given up for its time only.
func notByTimeout(t *testing.T, o *outcome) {
	t.Helper()
	for _, line := range o.log {
		require.NotContains(t, line, "deadline exceeded")
		require.NotContains(t, line, "timeout")
	}
}

// TestHostileUpgrade: whoever doesn't become a WebSocket has failed in that phase.
func TestHostileUpgrade(t *testing.T) {
	const much = 512 << 20
	var rows []hostileRow
	for _, status := range []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect} {
		row := hostileRow{
			name: fmt.Sprint(status), acts: "listen,drive", counts: failedIn("upgrade"), log: []string{fmt.Sprint("status ", status)},
		}
		rows = append(rows, trapped(t, row, func(to *hostile.Server) hostile.Behaviour { return hostile.RedirectUpgrade(status, to) }))
	}
	runHostile(t, append(rows, []hostileRow{
		{
			name: "refuses in every way", behaviour: hostile.Refuse(400, 401, 403, 404, 429, 500),
			acts: "listen", env: []string{"LISTENERS=6"},
			counts: map[string]int{
				"pushgw_connect_failed": 6, "pushgw_connect_failed phase=upgrade status=400": 1,
				"pushgw_connect_failed phase=upgrade status=401": 1, "pushgw_connect_failed phase=upgrade status=403": 1,
				"pushgw_connect_failed phase=upgrade status=404": 1, "pushgw_connect_failed phase=upgrade status=429": 1,
				"pushgw_connect_failed phase=upgrade status=500": 1, "ws_sessions": 0,
			},
			log: []string{"refused the WebSocket upgrade with status", `{"message":"Not you"}`},
		},
		{
			name: "refuses at endless length", dialects: onlyAPIGateway, behaviour: hostile.RefuseForever(much),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"status 403"},
		},
		{
			name: "wrong Sec-WebSocket-Accept", behaviour: hostile.WrongAccept(),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"Sec-WebSocket-Accept"},
			check: func(t *testing.T, o *outcome) {
				require.NotContains(t, o.stderr, "refused the WebSocket upgrade with status 101")
			},
		},
		{
			name: "an extension that wasn't offered", behaviour: hostile.DeflateUnasked(much / 2),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"extension"},
		},
		{
			name: "a subprotocol that wasn't offered", dialects: onlyAPIGateway,
			behaviour: hostile.AcceptWith("Sec-WebSocket-Protocol: soap"), acts: "listen,drive",
			env: []string{"HOLD=1000"},
		},
		{
			name: "200 OK", behaviour: hostile.AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"status 200"},
		},
		{
			name: "101 and no more", dialects: onlyAPIGateway, behaviour: hostile.AnswerWith("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
			acts: "listen,drive", counts: failedIn("upgrade"),
		},
		{
			name: "no HTTP", dialects: onlyAPIGateway, behaviour: hostile.AnswerWith("SSH-2.0-OpenSSH_9.9\r\n"),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"(upgrade)"},
		},
		{
			name: "endless header", behaviour: hostile.EndlessHeader(much), options: `{"timeout": "5s"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), check: notByTimeout,
		},
		{
			name: "endless line", dialects: onlyAPIGateway, behaviour: hostile.EndlessLine(much), options: `{"timeout": "5s"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), check: notByTimeout,
		},
		{
			name: "a slow trickle", behaviour: hostile.Trickled(100 * time.Millisecond), options: `{"timeout": "1s"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"(upgrade)"},
		},
		{
			name: "a quick trickle", behaviour: hostile.Trickled(0), acts: "listen,drive", env: []string{"HOLD=3000"},
			counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_errors": 0, "ws_sessions": 3},
		},
		{
			name: "no answer", behaviour: hostile.NoAnswer(), options: `{"timeout": "500ms"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"(upgrade)"},
		},
	}...))
}

// TestHostileEnd: a connection that is reset or ends is a failure up to the moment
// at which it is ready, and a closing afterwards.
func TestHostileEnd(t *testing.T) {
	phases := map[hostile.Stage]string{
		hostile.AtAccept: "upgrade", hostile.AtRequest: "upgrade", hostile.AtResponse: "upgrade",
		hostile.AtUpgrade: "handshake", hostile.AtHandshake: "handshake",
	}
	ends := []struct {
		name string
		end  func(*hostile.Conn)
	}{{"reset", (*hostile.Conn).Reset}, {"end of file", (*hostile.Conn).Cut}}
	var rows []hostileRow
	for _, stage := range hostile.Stages() {
		for _, end := range ends {
			row := hostileRow{name: end.name + " " + string(stage), behaviour: hostile.EndAt(stage, end.end), acts: "listen,drive"}
			if phase, early := phases[stage]; early {
				row.acts = "listen" // of a host of AppSync, the dialect's handshake is shorter
				row.counts = map[string]int{"pushgw_connect_failed": 2, "pushgw_connect_failed phase=" + phase: 2}
			} else {
				row.counts = map[string]int{"pushgw_connect_failed": 0, "pushgw_closed by=gateway code=1006": 3}
				row.log = []string{"1006"}
			}
			rows = append(rows, row)
		}
	}
	runHostile(t, rows)
}

// protocolErrors are the counts where each of three connections meets a violation of
// RFC 6455.
var protocolErrors = map[string]int{"pushgw_errors error=ProtocolError": 3, "pushgw_closed": 3, "pushgw_connect_failed": 0}

// tooBig are the counts where each of three connections gets a message above the limit.
var tooBig = map[string]int{"pushgw_errors error=MessageTooBig": 3, "pushgw_closed": 3, "pushgw_connect_failed": 0}

// TestHostileFrames: who violates the protocol is hung up on, and that is named.
func TestHostileFrames(t *testing.T) {
	var rows []hostileRow
	for name, behaviour := range map[string]hostile.Behaviour{
		"masked frame":                       hostile.MaskedFrame(),
		"reserved bits":                      hostile.ReservedBits(),
		"compressed frame":                   hostile.CompressedFrame(),
		"reserved data opcode":               hostile.ReservedOpcode(0x3),
		"reserved control opcode":            hostile.ReservedOpcode(0xB),
		"ping of 126 bytes":                  hostile.LongPing(),
		"fragmented ping":                    hostile.FragmentedPing(),
		"continuation of nothing":            hostile.StrayContinuation(),
		"message in a message":               hostile.NestedMessage(),
		"close with one byte":                hostile.ClosePayload([]byte{3}),
		"close reason that is no UTF-8":      hostile.ClosePayload([]byte("\x03\xe8\xff\xfe")),
		"close code below all":               hostile.ClosePayload([]byte{0, 7}),
		"close code above all":               hostile.ClosePayload([]byte{0xff, 0xff}),
		"close code that says there is none": hostile.CloseWith(1005),
	} {
		rows = append(rows, hostileRow{
			name: name, dialects: onlyAPIGateway, behaviour: behaviour, acts: "listen,drive", counts: protocolErrors,
			check: func(t *testing.T, o *outcome) { require.Contains(t, strings.ToLower(o.stderr), "protocol") },
		})
	}
	runHostile(t, append(rows, hostileRow{
		name: "masked frame", dialects: onlyAppSync, behaviour: hostile.MaskedFrame(), acts: "listen,drive", counts: protocolErrors,
	}))
}

// TestHostileLength: no message is read beyond the limit.
func TestHostileLength(t *testing.T) {
	const much = 512 << 20
	runHostile(t, []hostileRow{
		{
			name: "length of 2^63", dialects: onlyAPIGateway, behaviour: hostile.Announce(1 << 63), acts: "listen,drive",
			check: func(t *testing.T, o *outcome) { // the first bit must be 0, so either is true
				require.Equal(t, 3, o.count("pushgw_errors", "error=ProtocolError")+o.count("pushgw_errors", "error=MessageTooBig"))
			},
		},
		{name: "length of 2^63-1", dialects: onlyAPIGateway, behaviour: hostile.Announce(math.MaxInt64), acts: "listen,drive", counts: tooBig},
		{name: "length of 1 TiB", behaviour: hostile.Announce(1 << 40), acts: "listen,drive", counts: tooBig, log: []string{"maxMessageSize"}},
		{name: "one byte above the limit", behaviour: hostile.LongMessage(1<<20 + 1), acts: "listen,drive", counts: tooBig},
		{
			name: "all that the limit allows", behaviour: hostile.LongMessage(1 << 20), acts: "listen,drive",
			counts: map[string]int{"pushgw_errors error=MessageTooBig": 0, "pushgw_closed by=gateway code=1000": 3},
		},
		{name: "512 MB", behaviour: hostile.LongMessage(much), acts: "listen,drive", counts: tooBig},
		{name: "512 MB in fragments", dialects: onlyAPIGateway, behaviour: hostile.EndlessFragments(much), acts: "listen,drive", counts: tooBig},
		{
			name: "512 MB over TLS", secure: true, behaviour: overTLS(hostile.LongMessage(much)), acts: "listen,drive",
			env: []string{"--insecure-skip-tls-verify"}, counts: tooBig,
		},
		{
			name: "fragments with nothing in them", dialects: onlyAPIGateway, behaviour: hostile.EmptyFragments(200_000), acts: "listen,drive",
			counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_closed": 3},
		},
		{
			name: "300,000 stamps", behaviour: hostile.ManyStamps(300_000), acts: "listen,drive", counts: tooBig,
		},
		{
			name: "300,000 stamps below the limit", behaviour: hostile.ManyStamps(300_000), acts: "listen,drive",
			options: `{"maxMessageSize": 16777216}`,
			counts:  map[string]int{"pushgw_errors error=MessageTooBig": 0, "pushgw_closed by=gateway code=1000": 3},
		},
		{
			name: "20,000 stamps", behaviour: hostile.ManyStamps(20_000), acts: "listen,drive",
			counts: map[string]int{"pushgw_errors error=MessageTooBig": 0, "pushgw_closed by=gateway code=1000": 3},
		},
	})
}

// overTLS is the same behaviour, over TLS.
func overTLS(b hostile.Behaviour) hostile.Behaviour {
	b.TLS = true
	return b
}

// TestHostileFloods: much of anything is counted, and bounded.
func TestHostileFloods(t *testing.T) {
	const many = 100_000
	closedAsUsual := func(counts map[string]int) map[string]int {
		counts["pushgw_connect_failed"], counts["pushgw_closed by=gateway code=1000"] = 0, 3
		return counts
	}
	runHostile(t, []hostileRow{
		{
			name: "data", behaviour: hostile.DataFlood(many), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"pushgw_errors error=NoStamp": 2 * many, "ws_msgs_received": 3 * (many + 2)}),
		},
		{
			name: "errors", behaviour: hostile.FailureFlood(many/10, "Forbidden"), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"ws_msgs_received": 3 * (many/10 + 2)}),
			check: func(t *testing.T, o *outcome) {
				require.Equal(t, 3*many/10, o.count("pushgw_errors"))
				require.EqualValues(t, many/10, o.resultOf("drive").Get("errors").Int())
			},
		},
		{
			name: "pings", dialects: onlyAPIGateway, behaviour: hostile.PingFlood(many), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"pushgw_errors": 0}),
		},
		{
			name: "pings, and no answer read", dialects: onlyAPIGateway, behaviour: hostile.DeafPingFlood(many), acts: "listen,drive",
			env: []string{"HOLD=3000"}, counts: map[string]int{"ws_sessions": 3},
		},
		{
			name: "pongs", dialects: onlyAPIGateway, behaviour: hostile.PongFlood(many / 5), acts: "listen,drive",
			counts: closedAsUsual(map[string]int{"pushgw_errors": 0}),
			check:  func(t *testing.T, o *outcome) { require.Zero(t, o.observed("ws_ping"), "nobody has pinged") },
		},
		{
			name: "data without an end, and no answer to close", behaviour: hostile.EndlessData(), acts: "listen,drive", env: []string{"HOLD=2000"},
			counts: map[string]int{"ws_sessions": 3, "pushgw_closed by=client": 3},
		},
		{
			name: "data before it is ready", dialects: onlyAPIGateway, behaviour: hostile.DataBeforeReady(10_000, 60_000), acts: "drive",
			check: func(t *testing.T, o *outcome) {
				require.GreaterOrEqual(t, o.count("pushgw_errors", "error=EarlyMessageDropped"), 10_000-1024)
			},
		},
		{
			name: "data in place of a handshake", behaviour: hostile.EndlessHandshake(), acts: "listen", options: `{"timeout": "1s"}`,
			counts: map[string]int{"pushgw_connect_failed phase=handshake": 2},
			log:    []string{"did not finish the handshake in time"},
		},
		{
			name: "reads nothing", dialects: onlyAPIGateway, behaviour: hostile.Behaviour{Deaf: true, Ready: waitForEnd}, acts: "shout",
			env: []string{"MAX=3s"},
		},
	})
}

// waitForEnd waits without reading until the connection ends, which is when the
// server is closed.
func waitForEnd(c *hostile.Conn) {
	for !c.Ended() {
		time.Sleep(time.Millisecond)
	}
}

// heardAll are the counts of a run in which both listeners have heard three
// broadcasts, and nothing was wrong.
func heardAll(t *testing.T, o *outcome) {
	t.Helper()
	r := o.resultOf("broadcast")
	require.EqualValues(t, 6, r.Get("expected").Int(), o.saidOf("broadcast"))
	require.EqualValues(t, 6, r.Get("received").Int(), r)
	for _, wrong := range []string{"lost", "missed", "late", "duplicated", "reordered", "indeterminate"} {
		require.Zero(t, r.Get(wrong).Int(), wrong)
	}
}

// TestHostileDeliveries: what a gateway makes up spoils no account, and what it may do
// is no fault.
func TestHostileDeliveries(t *testing.T) {
	const many = 10_000
	runHostile(t, []hostileRow{
		{
			name: "fragments with pings in between", behaviour: hostile.Interleaved(), acts: "listen,broadcast", check: heardAll,
			env: []string{"HOLD=5000"}, counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=gateway": 0},
		},
		{
			name: "a fragment for each byte", behaviour: hostile.Bytewise(), acts: "listen,broadcast", check: heardAll,
			env: []string{"HOLD=5000"}, counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=gateway": 0},
		},
		{
			name: "forged sequences", behaviour: hostile.Forge(hostile.FutureSequence, hostile.LastSequence),
			acts: "listen,broadcast", check: heardAll, env: []string{"HOLD=5000"},
			counts: map[string]int{"pushgw_errors error=ForgedStamp": 2 * 2 * 3},
		},
		{
			name: "forged send times", behaviour: hostile.Forge(hostile.OtherTime),
			acts: "listen,broadcast", check: heardAll, env: []string{"HOLD=5000"},
			counts: map[string]int{"pushgw_errors error=ForgedStamp": 2 * 3},
		},
		{
			name: "10,000 origins, an hour ahead", behaviour: hostile.ManyOrigins(many, -time.Hour), acts: "listen",
			check: func(t *testing.T, o *outcome) { require.Less(t, len(o.log), 30, "lines logged") },
		},
		{
			name: "10,000 origins, a week ago", behaviour: hostile.ManyOrigins(many, 7*24*time.Hour), acts: "listen",
			counts: map[string]int{"pushgw_errors error=ForgedStamp": 2 * many},
			check:  func(t *testing.T, o *outcome) { require.Zero(t, o.observed("ws_resp_delay")) },
		},
		{
			name: "text that is no UTF-8", behaviour: hostile.InvalidText(), acts: "listen,drive",
			check: func(t *testing.T, o *outcome) {
				require.Equal(t, 2, o.count("pushgw_errors", "role=listener"), "it is a violation, or it has no stamp")
				require.Equal(t, 3, o.count("pushgw_closed"))
			},
		},
	})
}

// TestHostileWords: what is no sensible message of a dialect does no harm.
func TestHostileWords(t *testing.T) {
	const deep = 400_000
	runHostile(t, []hostileRow{
		{
			name: "brackets in an error", dialects: onlyAPIGateway, behaviour: hostile.Say(hostile.Nested(hostile.APIGateway, deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_closed by=gateway code=1000": 3, "pushgw_connect_failed": 0},
		},
		{
			name: "brackets in an error", dialects: onlyAppSync, behaviour: hostile.Say(hostile.Nested(hostile.AppSync, deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_closed by=gateway code=1000": 3, "pushgw_connect_failed": 0},
		},
		{
			name: "odd messages", behaviour: hostile.Say("", "{", "null", "[]", `"type"`, `{"type":7}`, `{"type":"data"}`, `{"type":"data","id":7}`,
				`{"type":"start_ack","id":"1"}`, `{"type":"connection_ack"}`, `{"type":"error"}`, `{"type":"error","payload":[]}`,
				`{"type":"connection_error","payload":{"errors":{}}}`, `{"message":null,"connectionId":1}`, strings.Repeat("{", deep)),
			acts: "listen,drive", counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_closed by=gateway code=1000": 3, "ws_sessions": 3},
		},
		{
			name: "a refusal of 900 kB", dialects: onlyAppSync,
			behaviour: hostile.Acknowledge(`{"type":"connection_error","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401,"message":"` +
				strings.Repeat("no ", 300_000) + `"}]}}`),
			acts: "listen,drive", counts: failedIn("handshake"), log: []string{"no no no"},
		},
		{
			name: "silence after a millisecond", dialects: onlyAppSync,
			behaviour: hostile.Acknowledge(`{"type":"connection_ack","payload":{"connectionTimeoutMs":1}}`),
			acts:      "listen,drive",
			counts:    map[string]int{"pushgw_errors error=Silence": 3, "pushgw_closed": 3},
		},
		{
			name: "silence after no time", dialects: onlyAppSync,
			behaviour: hostile.Acknowledge(`{"type":"connection_ack","payload":{"connectionTimeoutMs":-1e300}}`),
			acts:      "listen,drive", counts: map[string]int{"pushgw_errors": 0, "pushgw_closed by=client code=1000": 3}, env: []string{"HOLD=3000"},
		},
	})
}

// TestHostileClosing: every code is counted as it is, and its reason logged.
func TestHostileClosing(t *testing.T) {
	good := []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4999}
	all := append([]int{1004, 1005, 1006, 1014, 1015}, good...)
	counts := map[string]int{
		"pushgw_closed": len(all), "pushgw_closed by=gateway code=3xxx": 1, "pushgw_closed by=gateway code=4xxx": 1,
	}
	var reasons []string
	for _, code := range good {
		reasons = append(reasons, hostile.CloseReason(code))
		if code < 2000 && code != 1002 { // with which this side answers those that are none
			counts[env("pushgw_closed by=gateway code", code)] = 1
		}
	}
	early := func(log ...string) hostileRow {
		return hostileRow{
			name: "1002 straight after the upgrade", behaviour: hostile.CloseAtOnce(1002),
			acts: "listen,drive", counts: failedIn("handshake"), log: append(log, "1002"),
		}
	}
	apigw, appsync := early(), early("credentials")
	apigw.dialects, appsync.dialects = onlyAPIGateway, onlyAppSync
	runHostile(t, []hostileRow{
		apigw, appsync,
		{
			name: "every code", behaviour: hostile.CloseWith(all...), acts: "listen", env: []string{env("LISTENERS", len(all))},
			counts: counts, log: reasons,
			check: func(t *testing.T, o *outcome) {
				require.GreaterOrEqual(t, o.count("pushgw_errors", "error=ProtocolError"), 3, "1005, 1006 and 1015 are never sent")
			},
		},
		{
			name: "no code", dialects: onlyAPIGateway, behaviour: hostile.ClosePayload(nil), acts: "listen,drive",
			counts: map[string]int{"pushgw_closed by=gateway code=1005": 3, "pushgw_errors": 0},
		},
	})
}

// TestHostileTLS: whoever doesn't come to terms over TLS has failed in that phase.
func TestHostileTLS(t *testing.T) {
	var rows []hostileRow
	for name, behaviour := range map[string]hostile.Behaviour{
		"stalls":              hostile.StallTLS(),
		"is reset":            hostile.ResetTLS(),
		"garbage":             hostile.GarbageTLS(),
		"refuses":             hostile.AlertTLS(),
		"trickles":            hostile.TrickleTLS(20 * time.Millisecond),
		"a greeting of 16 MB": hostile.HugeHelloTLS(64 << 20),
		"unknown certificate": {TLS: true},
	} {
		rows = append(rows, hostileRow{
			name: name, secure: true, behaviour: behaviour, acts: "listen,drive", options: `{"timeout": "1s"}`,
			counts: failedIn("tls"), log: []string{"a connection failed"},
		})
	}
	runHostile(t, rows)
}

// TestHostileHTTP: a mutation that isn't answered as it should be is a broadcast that
// wasn't sent, and goes nowhere else.
func TestHostileHTTP(t *testing.T) {
	row := func(name string, behaviour hostile.Behaviour, log ...string) hostileRow {
		return hostileRow{
			name: name, dialects: onlyAppSync, behaviour: behaviour, acts: "publish,graphql", log: log,
			check: func(t *testing.T, o *outcome) {
				require.Equal(t, "PublishError", o.saidOf("publish").Get("name").Str)
				require.Contains(t, []string{"GatewayError", "ConnectError"}, o.saidOf("graphql").Get("name").Str)
				require.Contains(t, o.values("ResponseSuccessRate"), 0.0)
				require.NotContains(t, o.values("ResponseSuccessRate"), 1.0)
				require.Equal(t, 10, o.count("pushgw_unsent"))
			},
		}
	}
	rows := []hostileRow{
		row("10 MB of brackets", hostile.AnswerBrackets("", 10<<20)),
		row("6 MB of brackets", hostile.AnswerBrackets("", 6<<20)),
		row("6 MB of brackets in data", hostile.AnswerBrackets(`{"data":`, 6<<20)),
		row("6 MB of brackets in errors", hostile.AnswerBrackets(`{"errors":`, 6<<20)),
		row("200 MB", hostile.AnswerLong(200<<20)),
		row("512 MB, zipped", hostile.AnswerZipped(512<<20)),
		row("a page", hostile.AnswerHTML(http.StatusOK), "JSON"),
		row("a page with status 502", hostile.AnswerHTML(http.StatusBadGateway)),
		row("endless header", hostile.AnswerEndlessHeader(256<<20)),
		row("reset", hostile.AnswerReset()),
		row("wrong shapes", hostile.AnswerJSON("", "null", "[]", `"data"`, "7", "{}", `{"data"`, `{"errors":[{}]}`, `{"errors":7}`, `{"errors":{"message":7}}`,
			`{"errors":[[[]]]}`)),
		{
			name: "no answer", dialects: onlyAppSync, behaviour: hostile.AnswerNever(), acts: "publish,graphql", env: []string{"MAX=2s"},
			counts: map[string]int{"pushgw_lost": 0},
		},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		redirected := row(fmt.Sprint("redirected with ", status), hostile.Behaviour{})
		rows = append(rows, trapped(t, redirected, func(to *hostile.Server) hostile.Behaviour { return hostile.Redirect(status, to) }))
	}
	runHostile(t, rows)
}

// TestHostileSetup: a setup or teardown that fails while connections are open and busy
// is a failed script and no crash.
func TestHostileSetup(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs of k6")
	}
	t.Parallel()
	for _, stage := range []string{"setup", "teardown"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			server := startHostile(t, hostile.APIGateway, hostile.EndlessData())
			for i := range 16 {
				o := k6Within(t, hostilePatience, "scripts/hostile-setup.js",
					env("STAGE", stage), env("PAUSE", 20*(i%8)), env("URL", hostileURL(hostile.APIGateway, false, server)))
				o.requireUnharmed(t)
				require.Contains(t, []int{107, 255}, o.exit, "k6's codes for a script that failed: thrown, or in a promise")
				require.Contains(t, o.stderr, stage+" has failed")
			}
		})
	}
}
