package listen

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// receive has one listener receive messages, and returns what was counted besides its
// opening, its welcome and its closing.
func receive(t *testing.T, s *fixture, h *hub, messages ...string) map[string]int {
	t.Helper()
	summary, stop := s.run(t, Plan{Connections: 1})
	s.waitForReady(t, 1)
	for _, m := range messages {
		h.send(m)
	}
	s.waitFor(t, "received", 1+len(messages))
	s.waitFor(t, "answered", 1)
	stop()
	<-summary
	counted := s.counted()
	for _, what := range []string{
		"connected", "answered", "counted welcomed", "ready", "sent", "received", "closed 1000 by us",
	} {
		delete(counted, what)
	}
	return counted
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	remote := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}
	other := stamp.Stamp{Origin: 1, Sequence: 2, Sent: time.Now()}
	canary := stamp.Stamp{Origin: 1, Sequence: 3, Sent: time.Now(), Canary: true}
	damaged := "pgw-" + remote.String()[5:]
	for name, test := range map[string]struct {
		messages []string
		want     map[string]int
	}{
		"one":                          {[]string{remote.String()}, map[string]int{"delivered": 1}},
		"one, in JSON":                 {[]string{fmt.Sprintf(`{"data":"{\"t\":\"%s\"}"}`, remote)}, map[string]int{"delivered": 1}},
		"one, repeated in one message": {[]string{fmt.Sprint(remote, remote, " and ", remote)}, map[string]int{"delivered": 1}},
		"one, repeated in a second":    {[]string{remote.String(), remote.String()}, map[string]int{"delivered": 2}},
		"two in one message":           {[]string{fmt.Sprint(remote, other, remote)}, map[string]int{"delivered": 2}},
		"none":                         {[]string{"", "just a message"}, map[string]int{}},
		"a damaged one":                {[]string{damaged}, map[string]int{"erred DamagedStamp": 1}},
		"damaged ones among others": {
			[]string{fmt.Sprint(damaged, damaged, remote, damaged, other, "pgw-")},
			map[string]int{"erred DamagedStamp": 4, "delivered": 2},
		},
		"a canary":                {[]string{canary.String()}, map[string]int{}},
		"a canary and a delivery": {[]string{fmt.Sprint(canary, remote)}, map[string]int{"delivered": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, to := newHub(t, "welcome")
			assert.Equal(t, test.want, receive(t, newFixture(to), h, test.messages...))
		})
	}
}

func TestLateAndStrayDeliveries(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	closed := s.audience.OpenSeries(0)
	late := closed.Publish(time.Now())
	closed.Close()
	stray := s.Ledger.Audience("another").OpenSeries(0).Publish(time.Now())
	own := s.audience.OpenCanaries().Publish(time.Now())
	assert.Equal(t, map[string]int{"erred LateDelivery": 1, "erred StrayDelivery": 1, "delivered": 2},
		receive(t, s, h, late.String(), stray.String(), own.String()))
}

func TestBroadcastsWithAPattern(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	var err error
	s.Pattern, err = stamp.NewPattern(`room-(\d{13})`)
	require.NoError(t, err)
	sent := time.Now().Add(-time.Hour)
	ours := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}
	counted := receive(t, s, h, fmt.Sprintf("room-%d", sent.UnixMilli()), "room-1", fmt.Sprintf("%s room-%d", ours, sent.UnixMilli()))
	assert.Equal(t, map[string]int{"delivered": 2}, counted)
	assert.InDelta(t, time.Hour, s.deliveries[0].Delay, float64(time.Minute))
	assert.Less(t, s.deliveries[1].Delay, time.Minute)
}

// Delay is arrival less sending, lag is reading less arrival: a slow load generator must
// not look like a slow gateway.
func TestDelayAndLag(t *testing.T) {
	t.Parallel()
	s := newPipeFixture(welcome)
	var err error
	s.Pattern, err = stamp.NewPattern(`room-(\d{13})`)
	require.NoError(t, err)
	c := &Conn{config: &s.Config, member: s.audience.Enter()}
	sent := time.UnixMilli(1_601_101_219_641)
	m := wire.Message{Arrived: sent.Add(20 * time.Millisecond), Read: sent.Add(23 * time.Millisecond)}
	for _, text := range []string{stamp.Stamp{Origin: 1, Sequence: 1, Sent: sent}.String(), "room-1601101219641"} {
		m.Data = []byte(text)
		c.recordDeliveries(m)
	}
	require.Len(t, s.deliveries, 2)
	assert.EqualValues(t, 1, s.deliveries[0].Origin)
	for _, d := range s.deliveries {
		assert.Equal(t, 20*time.Millisecond, d.Delay)
	}
	assert.Equal(t, []time.Duration{3 * time.Millisecond, 3 * time.Millisecond}, s.durations["lag"])
}
