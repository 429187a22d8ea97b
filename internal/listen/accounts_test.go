package listen

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Control tokens are no deliveries, and no messages without a stamp. What is wrong with
// them is told.
func TestControlTokens(t *testing.T) {
	t.Parallel()
	s := stamp.Stamp{Origin: 1, Sequence: 1, End: 1, Sent: time.Now()}
	genuine := stamp.WriteControl(&stamp.Roll{Run: 3}, nil)
	damaged := genuine[:len(genuine)-1] + "x"
	wrong := []byte(genuine)
	wrong[10] ^= 1
	signed := stamp.WriteControl(&stamp.Roll{Run: 3}, []byte("secret"))
	for name, test := range map[string]struct {
		message string
		want    map[string]int
	}{
		"alone":               {genuine, map[string]int{}},
		"twice":               {genuine + " " + genuine, map[string]int{}},
		"beside a stamp":      {genuine + s.String(), map[string]int{"delivered": 1}},
		"damaged":             {damaged, map[string]int{"erred DamagedStamp": 1}},
		"with a wrong digit":  {string(wrong), map[string]int{"erred DamagedStamp": 1}},
		"with another secret": {signed, map[string]int{"erred ForgedStamp": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, to := newHub(t, "welcome")
			assert.Equal(t, test.want, receive(t, newFixture(to), h, test.message))
		})
	}
}

// What another process tells is passed on once for all listeners of an audience, and also if
// a connection reads it that is no listener.
func TestControlTokensArePassedOn(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	s.Ledger.SetRun(ledger.Run{ID: 3, Distributed: true, Secret: []byte("secret")})
	heard := make(chan *ledger.Audience, 10)
	s.Control = func(token stamp.Control, to *ledger.Audience, arrived time.Time) {
		assert.Equal(t, &stamp.Roll{Run: 3, Number: 7}, token)
		assert.False(t, arrived.IsZero())
		heard <- to
	}
	ended, stop := s.run(t, Plan{Connections: 2})
	s.waitFor(t, "ready", 2)
	roll := &stamp.Roll{Run: 3, Number: 7}
	h.send("<" + stamp.WriteControl(roll, []byte("secret")) + "> " + stamp.WriteControl(roll, []byte("another")))
	s.waitFor(t, "erred ForgedStamp", 2)
	stop()
	<-ended
	require.Len(t, heard, 1)
	require.Equal(t, s.audience, <-heard)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn, err := Open(ctx, &s.Config, 0, nil, nil)
	require.NoError(t, err)
	go conn.Serve()
	s.waitFor(t, "ready", 3)
	h.send(stamp.WriteControl(roll, []byte("another")) + stamp.WriteControl(roll, []byte("secret")))
	require.Nil(t, <-heard)
	conn.Close(NormalClosure, "")
	<-conn.Done()
}

// A group passes on what becomes of other processes' broadcasts, some of it while it runs
// and the rest when it ends.
func TestAccountsOfOtherProcesses(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	s.Ledger.SetRun(ledger.Run{ID: 3, Distributed: true})
	ended, stop := s.run(t, Plan{Connections: 1})
	s.waitFor(t, "ready", 1)
	one := stamp.Stamp{Origin: 1, Sequence: 1, End: 3, Sent: time.Now()}
	two := stamp.Stamp{Origin: 1, Sequence: 2, End: 3, Sent: time.Now()}
	h.send(one.String())
	s.waitFor(t, "delivered", 1)
	s.group.Tick(time.Now().Add(time.Minute))
	require.Len(t, s.settled, 1)
	require.EqualValues(t, 1, s.settled[0].Sequence)
	h.send(two.String())
	s.waitFor(t, "delivered", 2)
	stop()
	<-ended
	require.Len(t, s.settled, 2)
	require.EqualValues(t, 2, s.settled[1].Sequence)
	require.Len(t, s.endings, 1)
	require.Len(t, s.endings[0].Clocks, 1)
	s.endings[0].Clocks = nil
	require.Equal(t, []ledger.Ending{{Settled: s.settled[1:], Unclosed: []uint32{1}, Strangers: 1}}, s.endings, "a third was promised")
}
