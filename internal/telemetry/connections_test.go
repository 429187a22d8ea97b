package telemetry

import (
	"errors"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

func TestConnectionsAreMeasured(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Connected(20 * time.Millisecond)
	f.Ready(1500 * time.Microsecond)
	f.Pong(3 * time.Millisecond)
	f.Closed(listen.Closing{Code: 1000, Cut: true, Lasted: 90 * time.Second})
	require.Equal(t, []tagged{{1, ""}}, f.flushed("ws_sessions"))
	require.Equal(t, []tagged{{20, ""}}, f.found("ws_connecting"))
	require.Equal(t, []tagged{{1, ""}}, f.found("response_success"))
	require.Equal(t, []tagged{{1.5, ""}}, f.found("ready_time"))
	require.Equal(t, []tagged{{3, ""}}, f.found("ws_ping"))
	require.Equal(t, []tagged{{90_000, ""}}, f.found("ws_session_duration"))
	require.Equal(t, []tagged{{1, "1000 client"}}, f.found("closed", "code", "by"))
}

// The gauge is of the whole process, and falls when connections close.
func TestOpenConnectionsRiseAndFall(t *testing.T) {
	t.Parallel()
	process := new(Process)
	f, other := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleHost)
	f.Connected(0)
	f.Connected(0)
	f.Flush()
	other.Connected(0)
	require.Equal(t, []tagged{{3, ""}}, other.flushed("connections"))
	f.Closed(listen.Closing{Code: 1000})
	f.Flush()
	other.Closed(listen.Closing{Code: 1006, ByGateway: true})
	f.Closed(listen.Closing{Code: 1000, ByGateway: true})
	require.Equal(t, []tagged{{2, ""}, {2, ""}, {0, ""}}, f.flushed("connections"))
}

func TestFailuresAreCountedByPhase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	refused := &wire.DialError{Phase: wire.PhaseUpgrade, Status: 429, Host: "a"}
	f.Failed(refused)
	f.Failed(refused)
	f.Failed(&wire.DialError{Phase: wire.PhaseDNS, Host: "a", Err: errors.New("unknown")})
	require.ElementsMatch(t, []tagged{{2, "upgrade 429"}, {1, "dns 0"}}, f.flushed("connect_failed", "phase", "status"))
	require.Equal(t, []tagged{{0, ""}, {0, ""}, {0, ""}}, f.found("response_success"))
	const once = "pushgw: a connection failed; only the first in each phase is logged (all are with k6 run -v), pushgw_connect_failed counts all"
	require.Equal(t, []string{once, once}, f.logged(logrus.ErrorLevel), "once for each phase")
	require.Equal(t, []string{"pushgw: a connection failed"}, f.logged(logrus.DebugLevel))
	require.Equal(t, refused, f.log.AllEntries()[0].Data[logrus.ErrorKey])
}

// An error frame has been counted when it came.
func TestFailureOfAnErrorFrameIsCountedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Erred("Forbidden")
	f.Failed(&wire.DialError{Phase: wire.PhaseHandshake, Err: &dialect.Error{Name: "Forbidden"}})
	f.RequestFailed(&dialect.Error{Name: "Forbidden"})
	require.Equal(t, []tagged{{0, ""}}, f.flushed("response_success"))
	require.Equal(t, []tagged{{1, "handshake 0"}}, f.found("connect_failed", "phase", "status"))
}

// A script is told of its own connections' failures, so they aren't logged as errors.
func TestFailuresOfHostsAreNoErrorsInTheLog(t *testing.T) {
	t.Parallel()
	process := new(Process)
	host := newFixtureOf(t, process, RoleHost)
	host.Failed(&wire.DialError{Phase: wire.PhaseTCP, Err: errors.New("reset")})
	require.Empty(t, host.logged(logrus.ErrorLevel))
	require.Len(t, host.logged(logrus.DebugLevel), 1)
	listener := newFixtureOf(t, process, RoleListener)
	listener.Failed(&wire.DialError{Phase: wire.PhaseTCP, Err: errors.New("reset")})
	require.Len(t, listener.logged(logrus.ErrorLevel), 1)
}

func TestCloseCodesAreFew(t *testing.T) {
	t.Parallel()
	for code, tag := range map[int]string{
		1000: "1000", 1006: "1006", 1015: "1015", 1016: "other", 999: "other", 0: "other", 2999: "other",
		3000: "3xxx", 3999: "3xxx", 4000: "4xxx", 4999: "4xxx", 5000: "other", -1: "other",
	} {
		f := newFixture(t)
		f.Closed(listen.Closing{Code: code, ByGateway: true})
		require.Equal(t, []tagged{{1, tag + " gateway"}}, f.flushed("closed", "code", "by"))
	}
}

// The first closing by the gateway of each code is logged for the whole process, with its
// reason, and the rest is counted.
func TestTheFirstClosingOfEachCodeIsLogged(t *testing.T) {
	t.Parallel()
	process := new(Process)
	f, other := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleHost)
	f.Closed(listen.Closing{Code: 1001, Reason: "ours"})
	f.Closed(listen.Closing{Code: 1001, Reason: "go\naway", ByGateway: true, Lasted: 1234567 * time.Microsecond})
	f.Closed(listen.Closing{Code: 1001, Reason: "again", ByGateway: true})
	other.Closed(listen.Closing{Code: 1001, Reason: "again", ByGateway: true})
	other.Closed(listen.Closing{Code: 1006, ByGateway: true, Lasted: time.Minute})
	f.Closed(listen.Closing{Code: 4001, Reason: "a", ByGateway: true})
	f.Closed(listen.Closing{Code: 4002, Reason: "b", ByGateway: true})
	const rest = "; only the first such is logged, pushgw_closed counts all"
	require.Equal(t, []string{
		`pushgw: the gateway closed a connection after 1.235s with code 1001 ("go\naway")` + rest,
		`pushgw: the gateway closed a connection after 0s with code 4001 ("a")` + rest,
	}, f.logged(logrus.WarnLevel))
	require.Equal(t, []string{"pushgw: the gateway closed a connection after 1m0s with code 1006 (without a reason)" + rest},
		other.logged(logrus.WarnLevel))
	require.ElementsMatch(t, []tagged{{1, "1001 client"}, {2, "1001 gateway"}, {2, "4xxx gateway"}}, f.flushed("closed", "code", "by"))
}

// A violation is named, also where this side is the one that closes.
func TestTheFirstClosingAfterAViolationIsLogged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Closed(listen.Closing{Code: 1002, Reason: "theirs", ByGateway: true})
	for range 2 {
		f.Closed(listen.Closing{Code: 1002, Reason: "bad opcode 7", ByGateway: true, Violation: wire.ProtocolError})
		f.Closed(listen.Closing{Code: 1009, Reason: "too long", Violation: wire.MessageTooBig})
	}
	const because = ", because of what the gateway sent "
	const rest = "; only the first such is logged, pushgw_errors and pushgw_closed count all"
	require.Equal(t, []string{
		`pushgw: the gateway closed a connection after 0s with code 1002 ("theirs"); only the first such is logged, pushgw_closed counts all`,
		`pushgw: a connection was closed after 0s with code 1002` + because + `(ProtocolError: "bad opcode 7")` + rest,
		`pushgw: a connection was closed after 0s with code 1009` + because + `(MessageTooBig: "too long")` + rest,
	}, f.logged(logrus.WarnLevel))
}

// What is begun is counted when it has become something, and what is abandoned isn't.
func TestConnectionsThatBecomeNothingYet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Begun()
	f.Abandoned()
	f.Flush()
	require.Empty(t, f.samples)
	require.Empty(t, f.log.AllEntries())
}
