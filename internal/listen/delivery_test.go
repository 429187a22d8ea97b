package listen

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
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
	damaged := "pgw2-" + remote.String()[6:]
	for name, test := range map[string]struct {
		messages []string
		want     map[string]int
	}{
		"one":                          {[]string{remote.String()}, map[string]int{"delivered": 1}},
		"one, in JSON":                 {[]string{fmt.Sprintf(`{"data":"{\"t\":\"%s\"}"}`, remote)}, map[string]int{"delivered": 1}},
		"one, repeated in one message": {[]string{fmt.Sprint(remote, remote, " and ", remote)}, map[string]int{"delivered": 1}},
		"one, repeated in a second":    {[]string{remote.String(), remote.String()}, map[string]int{"delivered": 2}},
		"two in one message":           {[]string{fmt.Sprint(remote, other, remote)}, map[string]int{"delivered": 2}},
		"none":                         {[]string{"", "just a message"}, map[string]int{"unstamped": 2}},
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
	closed := s.audience.OpenSeries(0, 0)
	late := closed.Publish(time.Now())
	closed.Close()
	stray := s.Ledger.Audience(ledger.Name{Key: "another"}).OpenSeries(0, 0).Publish(time.Now())
	own := s.audience.Canary()
	assert.Equal(t, map[string]int{"erred LateDelivery": 1, "erred StrayDelivery": 1, "delivered": 2},
		receive(t, s, h, late.String(), stray.String(), own.String()))
}

// A stamp that nobody gave out changes nothing and is no delivery.
func TestForgedStamps(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	account := s.audience.OpenSeries(0, 0)
	genuine := account.Publish(time.Now())
	unknown, earlier, canary := genuine, genuine, genuine
	unknown.Sequence += 7
	earlier.Sent = earlier.Sent.Add(-time.Second)
	canary.Canary = true
	old := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now().Add(-25 * time.Hour)}
	future := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now().Add(25 * time.Hour)}
	texts := make([]string, 0, 6)
	for _, forged := range []stamp.Stamp{unknown, earlier, canary, old, future} {
		texts = append(texts, forged.String())
	}
	assert.Equal(t, map[string]int{"erred ForgedStamp": 5, "delivered": 1}, receive(t, s, h, append(texts, genuine.String())...))
	assert.Equal(t, genuine.Origin, s.deliveries[0].Origin)
	assert.False(t, s.deliveries[0].Duplicate)
}

// A message without a stamp is shown to the observer, whole, and one with something like a
// stamp isn't.
func TestMessagesWithoutAStamp(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	ours := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}
	assert.Equal(t, map[string]int{"unstamped": 2, "delivered": 1, "erred DamagedStamp": 1},
		receive(t, s, h, "some text", "other text", ours.String(), "pgw-"+ours.String()[5:]))
	assert.Equal(t, []string{"some text", "other text"}, s.unstamped)
}

// What comes during the handshake may be part of it, so it needs no stamp.
func TestMessagesDuringTheHandshakeNeedNoStamp(t *testing.T) {
	t.Parallel()
	s := newPipeFixture(welcome)
	c := &Conn{config: &s.Config, listener: s.enter()}
	message := wire.Message{Data: []byte("some text"), Arrived: time.Now(), Read: time.Now()}
	c.recordDeliveries(c.member(""), message)
	assert.Empty(t, s.counted())
	c.ready.Store(true)
	c.recordDeliveries(c.member(""), message)
	assert.Equal(t, map[string]int{"unstamped": 1}, s.counted())
}

// A script's own connection is no listener, so nothing is missing from what it reads.
func TestMessagesToAScriptNeedNoStamp(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s, d := newFixture(to), new(handlerLog)
	drive(t, s, d)
	s.waitFor(t, "ready", 1)
	h.send("some text")
	s.waitFor(t, "received", 2)
	assert.Zero(t, s.counted()["unstamped"])
}

// A time more than a day away is in another unit: a delay made from it would be nonsense.
func TestAPatternOfAnotherUnit(t *testing.T) {
	t.Parallel()
	s := newPipeFixture(welcome)
	var err error
	s.Pattern, err = stamp.NewPattern(`room-(-?\d+)`)
	require.NoError(t, err)
	c := &Conn{config: &s.Config, listener: s.enter()}
	c.ready.Store(true)
	arrived := time.UnixMilli(1_601_101_219_641)
	for text, want := range map[string]string{
		"room-1601101219641":       "delivered",
		"room-1601014819641":       "delivered", // a day ago
		"room-1601187619641":       "delivered", // in a day
		"room-1601014819640":       "erred StampPatternUnit",
		"room-1601187619642":       "erred StampPatternUnit",
		"room-1601101219":          "erred StampPatternUnit", // seconds
		"room-1601101219641000":    "erred StampPatternUnit", // microseconds
		"room-1601101219641000000": "erred StampPatternUnit", // nanoseconds
		"room-0":                   "erred StampPatternUnit",
		"room-x":                   "unstamped",
		"pgw- room-x":              "erred DamagedStamp",
	} {
		s.counts = make(map[string]int)
		c.recordDeliveries(c.member(""), wire.Message{Data: []byte(text), Arrived: arrived, Read: arrived})
		assert.Equal(t, map[string]int{want: 1}, s.counted(), text)
	}
	// What merely looks like a stamp, as a room's name may, doesn't keep a pattern from working.
	s.counts = make(map[string]int)
	c.recordDeliveries(c.member(""), wire.Message{Data: []byte("pgw-test room-1601101219641"), Arrived: arrived, Read: arrived})
	assert.Equal(t, map[string]int{"erred DamagedStamp": 1, "delivered": 1}, s.counted())
}

// However many stamps one message has, each counts once.
func TestManyStampsInOneMessage(t *testing.T) {
	t.Parallel()
	const different = 20_000
	s := newPipeFixture(welcome)
	c := &Conn{config: &s.Config, listener: s.enter()}
	var half []byte
	for i := range different {
		half = stamp.Stamp{Origin: 1, Sequence: uint32(i + 1), Sent: time.Now()}.Append(half)
	}
	c.recordDeliveries(c.member(""), wire.Message{Data: bytes.Repeat(half, 2), Arrived: time.Now(), Read: time.Now()})
	require.Len(t, s.deliveries, different)
	for _, d := range s.deliveries {
		require.False(t, d.Duplicate)
	}
}

// The work for one stamp doesn't grow with the number of those before it: no more than
// four are compared one by one, and the rest is looked up.
func TestManyStampsTakeNoMoreTimeEach(t *testing.T) {
	at := time.Now()
	numbered := func(i int) stamp.Stamp { return stamp.Stamp{Origin: 1, Sequence: uint32(i), Sent: at} }
	var set stampSet
	for i := range 10_000 {
		require.True(t, set.add(numbered(i)))
	}
	for i := range 10_000 {
		require.False(t, set.add(numbered(i)))
	}
	require.Equal(t, 4, set.len)
	require.Len(t, set.many, 10_000-4)

	require.Zero(t, testing.AllocsPerRun(100, func() {
		var set stampSet
		for i := range 8 {
			set.add(numbered(i % 4))
		}
	}), "up to four take no memory")
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
	assert.Equal(t, map[string]int{"delivered": 2, "unstamped": 1}, counted)
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
	c := &Conn{config: &s.Config, listener: s.enter()}
	sent := time.UnixMilli(1_601_101_219_641)
	m := wire.Message{Arrived: sent.Add(20 * time.Millisecond), Read: sent.Add(23 * time.Millisecond)}
	for _, text := range []string{stamp.Stamp{Origin: 1, Sequence: 1, Sent: sent}.String(), "room-1601101219641"} {
		m.Data = []byte(text)
		c.recordDeliveries(c.member(""), m)
	}
	require.Len(t, s.deliveries, 2)
	assert.EqualValues(t, 1, s.deliveries[0].Origin)
	for _, d := range s.deliveries {
		assert.Equal(t, 20*time.Millisecond, d.Delay)
	}
	assert.Equal(t, []time.Duration{3 * time.Millisecond, 3 * time.Millisecond}, s.durations["lag"])
}
