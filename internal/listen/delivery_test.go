package listen

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// hear has one listener hear messages and returns what was told, beside that it
// opened, was welcomed and closed.
func hear(t *testing.T, s *scene, h *hub, messages ...string) map[string]int {
	t.Helper()
	summary, stop := s.run(t, Plan{Connections: 1})
	s.ready(t, 1)
	for _, m := range messages {
		h.say(m)
	}
	s.saw(t, "received", 1+len(messages))
	s.saw(t, "answered", 1)
	stop()
	<-summary
	told := s.told()
	for _, what := range []string{
		"connected", "answered", "counted welcomed", "ready", "sent", "received", "closed 1000 by us",
	} {
		delete(told, what)
	}
	return told
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	remote := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}
	other := stamp.Stamp{Origin: 1, Sequence: 2, Sent: time.Now()}
	canary := stamp.Stamp{Origin: 1, Sequence: 3, Sent: time.Now(), Canary: true}
	damaged := "pgw-" + remote.String()[5:]
	for name, test := range map[string]struct {
		messages []string
		told     map[string]int
	}{
		"one":                          {[]string{remote.String()}, map[string]int{"delivered": 1}},
		"one, in JSON":                 {[]string{fmt.Sprintf(`{"data":"{\"t\":\"%s\"}"}`, remote)}, map[string]int{"delivered": 1}},
		"one, repeated in one message": {[]string{fmt.Sprint(remote, remote, " and ", remote)}, map[string]int{"delivered": 1}},
		"one, repeated in a second":    {[]string{remote.String(), remote.String()}, map[string]int{"delivered": 2}},
		"two in one message":           {[]string{fmt.Sprint(remote, other, remote)}, map[string]int{"delivered": 2}},
		"none":                         {[]string{"", "just a message"}, map[string]int{}},
		"a damaged one":                {[]string{damaged}, map[string]int{"erred DamagedStamp": 1}},
		"damaged ones among others": {
			[]string{fmt.Sprint(damaged, remote, damaged, other, "pgw-")},
			map[string]int{"erred DamagedStamp": 3, "delivered": 2},
		},
		"a canary":                {[]string{canary.String()}, map[string]int{}},
		"a canary and a delivery": {[]string{fmt.Sprint(canary, remote)}, map[string]int{"delivered": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, to := newHub(t, "welcome")
			assert.Equal(t, test.told, hear(t, newScene(to), h, test.messages...))
		})
	}
}

func TestDeliveriesThatArriveSomewhereElse(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newScene(to)
	closed := s.audience.OpenSeries(0, 0)
	late := closed.Publish(time.Now())
	closed.Close()
	stray := s.Ledger.Audience("another").OpenSeries(0, 0).Publish(time.Now())
	own := s.audience.OpenCanaries().Publish(time.Now())
	assert.Equal(t, map[string]int{"erred LateDelivery": 1, "erred StrayDelivery": 1, "delivered": 2},
		hear(t, s, h, late.String(), stray.String(), own.String()))
}

// Several listeners sum up first copies only.
func TestTheSummaryCountsFirstCopies(t *testing.T) {
	t.Parallel()
	const listeners = 4
	h, to := newHub(t, "welcome")
	s := newScene(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.ready(t, listeners)
	account := s.audience.OpenSeries(0, 0)
	one, two := account.Publish(time.Now()), account.Publish(time.Now())
	for _, sent := range []stamp.Stamp{two, one, two} {
		h.say(sent.String())
	}
	s.saw(t, "delivered", 3*listeners)
	result := account.Close()
	assert.EqualValues(t, 2*listeners, result.Received)
	assert.EqualValues(t, listeners, result.Duplicated)
	assert.EqualValues(t, listeners, result.Reordered)
	stop()
	assert.EqualValues(t, 2*listeners, (<-summary).Received)
}

func TestOtherPeoplesBroadcasts(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newScene(to)
	var err error
	s.Pattern, err = stamp.NewPattern(`room-(\d{13})`)
	require.NoError(t, err)
	sent := time.Now().Add(-time.Hour)
	ours := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}
	told := hear(t, s, h, fmt.Sprintf("room-%d", sent.UnixMilli()), "room-1", fmt.Sprintf("%s room-%d", ours, sent.UnixMilli()))
	assert.Equal(t, map[string]int{"delivered": 2}, told)
	assert.InDelta(t, time.Hour, s.heard[0].Delay, float64(time.Minute))
	assert.Less(t, s.heard[1].Delay, time.Minute)
}
