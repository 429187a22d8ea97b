package pushgw

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// delays are how long the next calls wait if every call before them ends like this.
func delays(r *relisten, ended listen.Summary, calls int) []time.Duration {
	list := make([]time.Duration, calls)
	for i := range list {
		var plan listen.Plan
		r.prepare(&plan)
		list[i] = plan.Delay
		r.after(&ended)
	}
	return list
}

// The pauses grow from half a second to half a minute, each half as much again or as
// little, so that many VUs don't come back together.
func TestRelistenPauses(t *testing.T) {
	t.Parallel()
	ranOut := listen.Summary{Opened: 1, Failed: 1, RanOut: true}
	r := new(relisten)
	first := delays(r, ranOut, 20)
	require.Zero(t, first[0], "nothing has failed yet")
	base := 500 * time.Millisecond
	for _, pause := range first[1:] {
		require.GreaterOrEqual(t, pause, base/2)
		require.LessOrEqual(t, pause, base*3/2)
		base = min(base*3/2, 30*time.Second)
	}
	require.Equal(t, 30*time.Second, base)
	require.NotEqual(t, first, delays(new(relisten), ranOut, 20))
}

func TestRelistenAfterSuccess(t *testing.T) {
	t.Parallel()
	ranOut := listen.Summary{Opened: 1, RanOut: true, Lasted: time.Minute}
	for name, c := range map[string]struct {
		ended  listen.Summary
		pauses bool
	}{
		"the plan's end":              {listen.Summary{Opened: 1}, false},
		"connections that lasted":     {listen.Summary{Opened: 1, RanOut: true, Lasted: time.Minute + 1}, false},
		"connections that didn't":     {ranOut, true},
		"a pause longer than allowed": {listen.Summary{}, true},
	} {
		r := new(relisten)
		delays(r, ranOut, 10)
		r.after(&c.ended)
		next := delays(r, ranOut, 2)
		require.Equal(t, c.pauses, next[0] > 5*time.Second, name)
		require.Equal(t, c.pauses, next[1] > 5*time.Second, name)
		require.NotZero(t, next[1], name)
	}
}

// Listeners of which nobody has taken the place stay cut off, whichever call lost them.
func TestRelistenReplaces(t *testing.T) {
	t.Parallel()
	roster := new(ledger.Roster)
	missing := func(n int) *ledger.Places {
		places := ledger.NewPlaces(roster)
		for range n {
			places.Add(roster.Enter())
		}
		return places
	}
	r := new(relisten)
	r.after(&listen.Summary{Opened: 3, RanOut: true, Missing: missing(3)})
	r.after(&listen.Summary{Opened: 2, RanOut: true, Missing: missing(2)})
	r.after(&listen.Summary{Opened: 1, RanOut: true})
	var one, two listen.Plan
	r.prepare(&one)
	r.prepare(&two)
	require.Equal(t, 5, one.Replaces.Len())
	require.Nil(t, two.Replaces)
}

// A script that calls listen() as fast as it can doesn't hammer a gateway that refuses.
func TestListenPacesItself(t *testing.T) {
	t.Parallel()
	var attempts []time.Time
	handler := chosen(func(*http.Request) http.Handler {
		attempts = append(attempts, time.Now())
		return http.NotFoundHandler()
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		time.AfterFunc(10*time.Minute, v.CancelContext)
		v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const until = Date.now() + 600_000;
			while (Date.now() < until) await client.listen({ duration: '1h' });
		`)
		require.Greater(w, len(attempts), 15)
		require.Less(w, len(attempts), 60)
		for i := range attempts[1:] {
			pause := attempts[i+1].Sub(attempts[i])
			require.GreaterOrEqual(w, pause, 250*time.Millisecond)
			require.LessOrEqual(w, pause, 45*time.Second)
		}
		require.InDelta(w, len(attempts), v.sum("pushgw_connect_failed", "phase=upgrade", "status=404"), 0)
	})
}

// The pause is part of listen()'s duration, and ends with the iteration.
func TestListenThatEndsWhileItWaits(t *testing.T) {
	t.Parallel()
	simulate(t, http.NotFoundHandler(), func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const results = [];
			const began = Date.now();
			for (let i = 0; i < 5; i++) results.push((await client.listen({ connections: 2, duration: 200 })).opened);
			return [Date.now() - began, ...results];
		`).([]any)
		require.Equal(w, int64(2), result[1])
		require.EqualValues(w, 800, result[0], "four times too short to wait")
		require.Equal(w, slices.Repeat([]any{int64(0)}, 4), result[2:])
	})
	simulate(t, http.NotFoundHandler(), func(w *world) {
		v := w.vu()
		began := time.Now()
		time.AfterFunc(100*time.Millisecond, v.CancelContext)
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			await client.listen();
			return (await client.listen()).opened;
		`)
		require.EqualValues(w, 0, result)
		require.Equal(w, 100*time.Millisecond, time.Since(began))
	})
}

// What listen()'s own end, shorter than the timeout, cuts off in the handshake has failed;
// what an interruption cuts off is unfinished.
func TestListenThatEndsDuringTheHandshake(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"its duration", "the iteration"} {
		simulate(t, sockets(func(*websocket.Conn, string) {}), func(w *world) {
			v := w.vu()
			if by == "the iteration" {
				time.AfterFunc(time.Second, v.CancelContext)
			}
			result := v.run(`return JSON.stringify(await new apigw.Client('` + chatURL + `').listen({ connections: 3, duration: '2s' }))`)
			failed := map[string]int{"its duration": 3}[by]
			require.InDelta(w, failed, v.sum("pushgw_connect_failed", "phase=handshake"), 0, by)
			require.Equal(w, map[string]string{
				"its duration":  `{"opened":3,"ready":0,"failed":3,"unfinished":0,"received":0,"closed":0}`,
				"the iteration": `{"opened":3,"ready":0,"failed":0,"unfinished":3,"received":0,"closed":0}`,
			}[by], result)
		})
	}
}
