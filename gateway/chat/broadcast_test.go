package chat

import (
	"strconv"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
	"github.com/stretchr/testify/require"
)

func TestABroadcastSkipsClosedConnections(t *testing.T) {
	t.Parallel()
	for _, fanout := range []int{0, 1, 2, 7, 100} {
		t.Run(strconv.Itoa(fanout), func(t *testing.T) {
			t.Parallel()
			a, p := newApp(t, Config{Fanout: fanout, PostTime: time.Microsecond})
			p.fails["ann"] = apigw.ErrGone
			require.NoError(t, a.Default("cat", "/join R"))
			require.NoError(t, a.Default("bob", "hello"))
			require.Equal(t, "Bob: hello", p.to["bob"][0])
			require.Equal(t, "Bob: hello", p.to["cat"][1])
			p.fails["ann"] = nil
			require.NoError(t, a.Default("bob", "again"))
			require.Empty(t, p.to["ann"], "it was taken out of the room")
		})
	}
}

// The texts of one sender stay in order, however many posts run at the same time.
func TestFannedOutBroadcastsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	const members, texts = 40, 50
	p := &posts{to: map[string][]string{}}
	a := New(p, NewMemory(), Config{Fanout: 8})
	for i := range members {
		id := strconv.Itoa(i)
		require.NoError(t, a.Connect(id))
		require.NoError(t, a.Default(id, "N"))
		require.NoError(t, a.Default(id, "/join R"))
	}
	p.to = map[string][]string{}
	var want []string
	for i := range texts {
		text := strconv.Itoa(i)
		require.NoError(t, a.Default("0", text))
		want = append(want, "N: "+text)
	}
	require.Len(t, p.to, members)
	for _, got := range p.to {
		require.Equal(t, want, got)
	}
}
