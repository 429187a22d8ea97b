package telemetry

import (
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

func delivery(local bool, delay time.Duration) ledger.Delivery {
	return ledger.Delivery{Origin: 0xabc, Local: local, Delay: delay}
}

func TestDeliveriesAreMeasured(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Sent()
	f.Received()
	f.Received()
	f.Received()
	f.Delivered(delivery(true, 12500*time.Microsecond), 250*time.Microsecond)
	f.Delivered(delivery(false, 40*time.Millisecond), 2*time.Millisecond)
	f.Delivered(delivery(false, 50*time.Millisecond), 0)
	require.Equal(t, []tagged{{12.5, "local"}, {40, "remote"}, {50, "remote"}}, f.flushed("resp_delay", "origin"))
	require.Equal(t, []tagged{{0.25, ""}, {2, ""}, {0, ""}}, f.found("read_lag", "origin"))
	require.ElementsMatch(t, []tagged{{1, "local"}, {2, "remote"}}, f.found("msg_received", "origin"))
	require.Equal(t, []tagged{{1, ""}}, f.found("ws_msgs_sent"))
	require.Equal(t, []tagged{{3, ""}}, f.found("ws_msgs_received"))
	require.Empty(t, f.found("duplicated"))
	require.Empty(t, f.found("reordered"))
	require.Empty(t, f.found("errors"))
}

// A further copy is a duplicate and nothing else; what came late in line is a delivery.
func TestDuplicatesAreNoDeliveries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	duplicate, reordered := delivery(true, time.Millisecond), delivery(false, time.Millisecond)
	duplicate.Duplicate, duplicate.Reordered = true, true
	reordered.Reordered = true
	f.Delivered(duplicate, 0)
	f.Delivered(reordered, 0)
	require.Equal(t, []tagged{{1, "local"}}, f.flushed("duplicated", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("reordered", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("msg_received", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("resp_delay", "origin"))
	require.Len(t, f.found("read_lag"), 1)
}

// A negative delay keeps its value and is counted; the log tells of its origin once.
func TestNegativeDelaysAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, delay := range []time.Duration{-3, 5, -40, 0} {
		f.Delivered(delivery(true, delay*time.Millisecond), 0)
	}
	f.Finish()
	f.Finish()
	require.Equal(t, []tagged{{2, "ClockSkew"}}, f.found("errors", "error"))
	require.Equal(t, []tagged{{-3, ""}, {5, ""}, {-40, ""}, {0, ""}}, f.found("resp_delay"))
	require.Equal(t, []string{"pushgw: clock skew: 2 of 4 deliveries from origin 00000abc arrived before they were sent, " +
		"by up to 40ms: the publisher's clock is ahead of this host's, or a clock was set"}, f.logged(logrus.WarnLevel))
}

// Much that comes at once is pushed without waiting for the next tick.
func TestManyDeliveriesArePushedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const each = 2 // observations
	for range flushAt/each - 1 {
		f.Delivered(delivery(true, 0), 0)
	}
	require.Empty(t, f.samples)
	f.Delivered(delivery(true, 0), 0)
	require.Len(t, f.samples, 1)
	require.Len(t, f.found("resp_delay"), flushAt/each)
	duplicate := delivery(true, 0)
	duplicate.Duplicate = true
	f.Delivered(duplicate, 0)
	require.Empty(t, f.samples)
}

// The first delivery that came too late is logged for the whole process.
func TestTheFirstLateDeliveryIsLogged(t *testing.T) {
	t.Parallel()
	process := new(Process)
	f, other := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleListener)
	late := delivery(true, 5432100*time.Microsecond)
	f.Delivered(late, 0)
	require.Empty(t, f.logged(logrus.WarnLevel))
	late.Late = true
	f.Delivered(late, 0)
	f.Delivered(late, 0)
	other.Delivered(late, 0)
	require.Equal(t, []string{"pushgw: a delivery came 5.432s after its broadcast was sent, which had been settled before that: it counts as lost; " +
		"a longer settle waits for such deliveries. Only the first such is logged, pushgw_errors{error:LateDelivery} counts all"}, f.logged(logrus.WarnLevel))
	require.Empty(t, other.logged(logrus.WarnLevel))
	require.Empty(t, f.flushed("errors"), "Erred counts it")
}

// The first broadcast that reaches somebody else is logged, with whom it was meant for and whom it
// reached, if these are audiences.
func TestStrayDeliveries(t *testing.T) {
	t.Parallel()
	for text, where := range map[string]*ledger.Strayed{
		`another room, subscription or channel: for the audience "orders", and the listener is of "Room1"`: {Meant: "orders", Reached: "Room1"},
		`another listener`: nil,
	} {
		f := newFixture(t)
		stray := delivery(true, time.Second)
		stray.Stray, stray.Strayed = true, where
		f.Delivered(stray, 0)
		f.Delivered(stray, 0)
		require.Equal(t, []string{"pushgw: a listener received a broadcast that was meant for " + text +
			"; only the first such is logged, pushgw_errors{error:StrayDelivery} counts all"}, f.logged(logrus.WarnLevel))
		require.Empty(t, f.flushed("errors"), "Erred counts it")
	}
}

// The first message without a stamp is logged with its beginning, and each is counted.
func TestMessagesWithoutAStamp(t *testing.T) {
	t.Parallel()
	process := new(Process)
	f, other := newFixtureOf(t, process, RoleListener), newFixtureOf(t, process, RoleListener)
	f.Unstamped([]byte(strings.Repeat("x", 99) + "\n" + "unseen"))
	f.Unstamped([]byte("second"))
	f.Unstamped(nil)
	other.Unstamped([]byte("third"))
	require.Equal(t, []string{"pushgw: a listener read a message without a stamp, so it counts as no delivery; it begins \"" +
		strings.Repeat("x", 99) + "\\n\". Do the subscription and the mutation both select the field that has the stamp? " +
		"Does somebody else publish here (then set stampPattern)? Only the first such is logged, pushgw_errors{error:NoStamp} counts all"},
		f.logged(logrus.WarnLevel))
	require.Empty(t, other.logged(logrus.WarnLevel))
	require.Equal(t, []tagged{{3, "NoStamp"}}, f.flushed("errors", "error"))
	require.Empty(t, f.found("response_success"))
	require.Empty(t, f.found("msg_received"))
}

// Anybody can make up origins, so only so many clocks are watched. Those known still are.
func TestClocksAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 2 * maxOrigins {
		f.Delivered(ledger.Delivery{Origin: uint32(i), Delay: -time.Second}, 0)
	}
	require.Len(t, f.clocks, maxOrigins)
	f.Delivered(ledger.Delivery{Origin: 0, Delay: -time.Second}, 0)
	require.Equal(t, 2, f.clocks[origin{0, false}].deliveries)
	require.Equal(t, []tagged{{2*maxOrigins + 1, "ClockSkew"}}, f.flushed("errors", "error"))
	require.Len(t, f.found("resp_delay"), 2*maxOrigins+1, "they are measured all the same")
	f.Finish()
	require.Len(t, f.logged(logrus.WarnLevel), maxOrigins)
}

// However many origins are made up, other warnings are logged.
func TestForeignOriginsHideNothing(t *testing.T) {
	t.Parallel()
	process := new(Process)
	warnings := 0
	for i := range 4 {
		f := newFixtureOf(t, process, RoleListener)
		for j := range maxOrigins {
			f.Delivered(ledger.Delivery{Origin: uint32(i*maxOrigins + j), Delay: -time.Second}, 0)
		}
		f.Finish()
		warnings += len(f.logged(logrus.WarnLevel))
	}
	require.Equal(t, maxForeign, warnings)
	f := newFixtureOf(t, process, RoleListener)
	f.Closed(listen.Closing{Code: 1011, ByGateway: true})
	require.Len(t, f.logged(logrus.WarnLevel), 1)
}
