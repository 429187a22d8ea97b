package apigw

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
)

const unknownID = "L0SM9cOFvHcCIhw="

func TestPost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn, id := f.dial()
	longest := bytes.Repeat([]byte("x"), maxMessage)
	require.NoError(t, f.gateway.Post(id, longest))
	require.Equal(t, string(longest), receive(t, conn))
	require.ErrorIs(t, f.gateway.Post(id, append(longest, 'x')), ErrTooLarge)
	require.ErrorIs(t, f.gateway.Post(unknownID, nil), ErrGone)
	require.NoError(t, f.gateway.Post(id, []byte("next")))
	require.Equal(t, "next", receive(t, conn), "and nothing else")
	require.Zero(t, f.gateway.Tally.Report().Totals, "a post is no broadcast")
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	sender, senderID := f.dial()
	other, otherID := f.dial()
	text := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}.String()
	post, err := f.gateway.Broadcast(senderID, []byte(text), 4)
	require.NoError(t, err)
	require.NoError(t, post(otherID))
	require.NoError(t, post(senderID))
	require.ErrorIs(t, post(unknownID), ErrGone)
	require.Equal(t, text, receive(t, sender))
	require.Equal(t, text, receive(t, other))
	r := f.gateway.Tally.Report()
	require.Equal(t, truth.Totals{Broadcasts: 1, Counts: truth.Counts{Audience: 4, Delivered: 2, Gone: 1, Pending: 1}}, r.Totals)
	require.Equal(t, truth.Counts{Audience: 1, Delivered: 1}, r.Echoes)
	require.EqualValues(t, 1, r.Delay.Count)

	_, err = f.gateway.Broadcast(senderID, bytes.Repeat([]byte("x"), maxMessage), 0)
	require.NoError(t, err)
	_, err = f.gateway.Broadcast(senderID, bytes.Repeat([]byte("x"), maxMessage+1), 1)
	require.ErrorIs(t, err, ErrTooLarge)
	require.EqualValues(t, 1, f.gateway.Tally.Report().Totals.Unstamped, "what is too long is no broadcast")
}

// A connection is deaf from when it has joined.
func TestJoined(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	f.fault(`{"deaf": "1h"}`)
	conn, id := f.dial()
	deliver := func(text string) {
		post, err := f.gateway.Broadcast("", []byte(text), 1)
		require.NoError(t, err)
		require.NoError(t, post(id))
	}
	deliver("before")
	f.gateway.Joined(id)
	f.gateway.Joined(unknownID)
	deliver("after")
	require.Equal(t, "before", receive(t, conn))
	require.Equal(t, truth.Counts{Audience: 2, Delivered: 1, Deaf: 1}, f.gateway.Tally.Report().Totals.Counts)
}

// The client side buffer of a slow reader is full at some time, for a post and for a
// broadcast; and the others aren't held up.
func TestPostsToASlowClient(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	_, slow := f.dial()
	other, otherID := f.dial()
	long := bytes.Repeat([]byte("x"), maxMessage)
	accepted := func(post func() bool) (n int64) { // until one isn't: the kernel may still make room
		for post() {
			n++
			require.Less(t, n, int64(1000), "it must be full by now")
		}
		return n
	}
	var err error
	accepted(func() bool { err = f.gateway.Post(slow, long); return err == nil })
	require.ErrorIs(t, err, ErrLimitExceeded)
	text := stamp.Stamp{Origin: 1, Sequence: 1, Sent: time.Now()}.String() + string(long[100:])
	stamped := int64(0)
	for _, data := range []string{string(long), text} {
		var w *httptest.ResponseRecorder
		stamped = accepted(func() bool { w = f.manage(http.MethodPost, slow, data); return w.Code == http.StatusOK })
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "LimitExceededException", w.Header().Get("x-amzn-ErrorType"))
	}
	counts := f.gateway.Tally.Report().Totals.Counts
	require.EqualValues(t, 1, counts.Dropped)
	require.Equal(t, stamped+1, counts.Audience)
	require.Equal(t, stamped, counts.Delivered+counts.Pending)
	require.NoError(t, f.gateway.Post(otherID, []byte("next")))
	require.Equal(t, "next", receive(t, other))
}
