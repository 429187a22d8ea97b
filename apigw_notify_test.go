package pushgw

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// notifying is a client whose listeners know their ids, of the local gateway's chat.
const notifying = `
	const client = new apigw.Client('` + chatURL + `', { handshake: [
		{ send: '{{nickname}}', expect: 'Using nick' }, { send: '/whoami', pattern: '^(?<connectionId>.{16})$' },
	] });`

// Each message is posted to one listener, in turn, and due to that one.
func TestNotify(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		v := w.vu()
		result := v.run(notifying + `
			const listening = client.listen({ connections: 3, duration: '20s' });
			await client.ready({ listeners: 3 });
			const result = await client.notify({ count: 7, rate: 10, message: '{"to":"{{audience}}","at":"{{stamp}}"}' });
			return JSON.stringify([result, (await listening).received]);
		`)
		require.Equal(w, `[{"planned":7,"sent":7,"unsent":0,"expected":7,"received":7,"lost":0,"missed":0,"late":0,"duplicated":0,"reordered":0,`+
			`"indeterminate":0,"first":30,"p50":30,"p99":30,"last":30},7]`, result)
		require.Equal(w, slices.Repeat([]float64{1}, 7), v.values("pushgw_reach", "role=host", "gateway=apigw"))
		require.Equal(w, slices.Repeat([]float64{1}, 7), v.values("http_reqs", "status=200", "method=POST",
			"name=http://gateway.test/dev/@connections/{connectionId}"))
		require.InDelta(w, 3, v.sum("ws_sessions"), 0, "it opens no connection")
		require.NotContains(w, v.values("ResponseSuccessRate"), 0.0)
		require.Empty(w, v.logged(logrus.WarnLevel))
	})
}

// Another client of the same listeners may have the keys that posts are signed with.
func TestNotifyByAnotherClient(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(notifying + `
			const backend = new apigw.Client('` + chatURL + `', {
				auth: { iam: { region: 'r', accessKeyId: 'AKID', secretAccessKey: 's' } }, handshake: [{ pattern: '(?<connectionId>.)' }],
			});
			const listening = client.listen({ connections: 3, duration: '20s' });
			await client.ready({ listeners: 3 });
			const { expected, received } = await backend.notify({ count: 6 });
			await listening;
			return [expected, received];
		`)
		require.Equal(w, []any{int64(6), int64(6)}, result)
	})
}

// Without ids there is nobody to post to, and the error says what to do.
func TestNotifyWithoutIDs(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		const usage = "notify() has no connection ids to post to: " +
			"a step of the client's option \"handshake\" must find them, by a pattern with a group (?<connectionId>…)"
		for _, options := range []string{``, `, { handshake: [{ send: 'a', pattern: 'b' }] }`} {
			require.Equal(w, failure{"UsageError", 0, usage}, w.vu().fails(`new apigw.Client('`+chatURL+`'`+options+`).notify()`))
		}
		v := w.vu()
		require.Equal(w, failure{"PublishError", 0, "there is nobody to notify: of the 0 listeners of the audience \"Room1\" that are ready in this process, " +
			"no connection that the gateway still has has told its id; await ready() before notify()"}, v.fails(notifying+`await client.notify({ count: 5 })`))
		require.InDelta(w, 5, v.sum("pushgw_unsent"), 0)
		require.Zero(w, v.sum("http_reqs"))
		require.Equal(w, nameInvalidOption, w.vu().fails(notifying+`client.notify({ message: 'hello' })`).name)
		require.Contains(w, w.vu().fails(notifying+`client.notify({ counts: 5 })`).message, `notify(): unknown option "counts"`)
	})
}

// posts is a management API that takes each post as answer says, which gets the id and the body.
func posts(answer func(id, body string) int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(answer(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], string(body)))
	})
}

// addressed enters listeners of the chat's room that are ready, with these addresses.
func (w *world) addressed(addresses ...string) map[string]*ledger.Listener {
	all := make(map[string]*ledger.Listener)
	for i, l := range w.listeners(chatAudience, len(addresses)) {
		l.SetAddress(addresses[i])
		all[addresses[i]] = l
	}
	return all
}

// What the gateway says is gone was sent: it is lost if the listener was there, and its own
// departure otherwise. The others are still posted to.
func TestNotifyWhoIsGone(t *testing.T) {
	t.Parallel()
	var w *world
	var all map[string]*ledger.Listener
	asked := make(map[string]int)
	handler := posts(func(id, body string) int {
		asked[id]++
		switch id {
		case "left":
			all[id].Leave(ledger.Local)
			return http.StatusGone
		case "cut":
			all[id].Leave(ledger.Cut)
			return http.StatusGone
		case "forgotten":
			return http.StatusGone
		case "contrary": // says so, and delivers it
			w.delivers(all[id], body, time.Millisecond)
			return http.StatusGone
		default:
			w.delivers(all[id], body, time.Millisecond)
			return http.StatusOK
		}
	})
	simulate(t, handler, func(world *world) {
		w = world
		all = w.addressed("a", "left", "cut", "forgotten", "contrary", "b")
		v := w.vu()
		result := v.run(notifying + `return JSON.stringify(await client.notify({ count: 10 }))`)
		require.Contains(w, result, `"planned":10,"sent":10,"unsent":0,"expected":10,"received":7,"lost":2,"missed":0,"late":0,"duplicated":0,`+
			`"reordered":0,"indeterminate":1,`)
		require.Equal(w, map[string]int{"a": 3, "b": 3, "left": 1, "cut": 1, "forgotten": 1, "contrary": 1}, asked)
		require.InDelta(w, 1, v.sum("pushgw_lost", "cause=cut"), 0)
		require.InDelta(w, 1, v.sum("pushgw_lost", "cause=missing"), 0)
		require.InDelta(w, 4, v.sum("pushgw_errors", "error=Gone"), 0)
		require.Len(w, v.values("ResponseSuccessRate"), 10)
		require.InDelta(w, 6, v.sum("ResponseSuccessRate"), 0)
		require.Contains(w, v.logged(logrus.WarnLevel), "pushgw: the gateway says that the connection is gone to which a message was posted; "+
			"nothing more is posted to that listener (only the first such is logged, pushgw_errors{error:Gone} counts all)")
	})
}

// When everybody is gone, the rest is unsent.
func TestNotifyUntilNobodyIsLeft(t *testing.T) {
	t.Parallel()
	simulate(t, posts(func(string, string) int { return http.StatusGone }), func(w *world) {
		w.addressed("a", "b")
		result := w.vu().run(notifying + `return JSON.stringify(await client.notify({ count: 10, rate: 1 }))`)
		require.Contains(w, result, `"planned":10,"sent":2,"unsent":8,"expected":2,"received":0,"lost":2,`)
	})
}

// What would fail again ends the posts; what may be better the next time doesn't. Neither was
// sent.
func TestNotifyThatFails(t *testing.T) {
	t.Parallel()
	for status, c := range map[int]struct {
		name   string
		unsent int
	}{
		400: {"BadRequest", 9}, 403: {"Forbidden", 9}, 413: {"PayloadTooLarge", 9}, 429: {"LimitExceeded", 1}, 503: {"Other", 1},
	} {
		var w *world
		var all map[string]*ledger.Listener
		n := 0
		handler := posts(func(id, body string) int {
			if n++; n == 2 {
				return status
			}
			w.delivers(all[id], body, time.Millisecond)
			return http.StatusOK
		})
		simulate(t, handler, func(world *world) {
			w, n = world, 0
			all = w.addressed("a", "b")
			v := w.vu()
			r := v.run(notifying + `const r = await client.notify({ count: 10 }); return [r.sent, r.unsent, r.expected, r.received, r.lost];`)
			sent := int64(10 - c.unsent)
			require.Equal(w, []any{sent, int64(c.unsent), sent, sent, int64(0)}, r, status)
			require.InDelta(w, 1, v.sum("pushgw_errors", "error="+c.name), 0)
			require.Len(w, v.logged(logrus.ErrorLevel), 1)
		})
	}
	simulate(t, posts(func(string, string) int { return http.StatusForbidden }), func(w *world) {
		w.addressed("a")
		require.Equal(w, failure{"PublishError", 403, "Forbidden: status 403 Forbidden"}, w.vu().fails(notifying+`await client.notify({ count: 10 })`))
	})
	simulate(t, posts(func(string, string) int { return http.StatusOK }), func(w *world) {
		w.addressed("a")
		v := w.vu()
		require.Equal(w, failure{"PublishError", 0, "@connections takes nothing but signatures, by IAM credentials"}, v.fails(`
			const handshake = [{ pattern: '(?<connectionId>a)' }];
			await new apigw.Client('`+chatURL+`', { auth: { token: 'secret' }, handshake }).notify({ count: 10 })`))
		require.InDelta(w, 10, v.sum("pushgw_unsent"), 0)
		require.Len(w, v.values("ResponseSuccessRate"), 1, "it isn't tried again")
	})
}

// With a rate, a post that takes long holds up no other listener's, and all of its own
// listener's, so that none overtakes another.
func TestNotifySeveralAtATime(t *testing.T) {
	t.Parallel()
	var w *world
	var all map[string]*ledger.Listener
	var slow, under atomic.Int64
	var began time.Time
	others := make(chan time.Duration, 9)
	handler := posts(func(id, body string) int {
		if id == "slow" {
			require.EqualValues(t, 1, under.Add(1), "one at a time")
			time.Sleep(time.Second - 100*time.Millisecond*time.Duration(slow.Add(1)))
			under.Add(-1)
		} else {
			others <- time.Since(began)
		}
		w.delivers(all[id], body, 0)
		return http.StatusOK
	})
	simulate(t, handler, func(world *world) {
		w = world
		all = w.addressed("slow", "a", "b")
		began = time.Now()
		r := w.vu().run(notifying + `const r = await client.notify({ count: 9, rate: 100 }); return [r.received, r.reordered];`)
		require.Equal(w, []any{int64(9), int64(0)}, r)
		require.GreaterOrEqual(w, time.Since(began), 2400*time.Millisecond, "three posts of 900, 800 and 700 ms")
		close(others)
		for due := range others {
			require.Contains(w, []time.Duration{10, 20, 40, 50, 70, 80}, due/time.Millisecond, "when they were due")
		}
	})
}

// Other processes would take the messages to single listeners for broadcasts that were lost.
func TestNotifyBesideBroadcastsOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	const client = `
		const client = new apigw.Client('` + chatURL + `', { audience: 'Room1', message: '{{stamp}}', handshake: [
			{ send: '{{nickname}}', expect: 'Using nick' }, { send: '/join Room1', expect: 'Joined' },
			{ send: '/whoami', pattern: '^(?<connectionId>.{16})$' },
		] });`
	const broadcast, notify = `client.broadcast({ count: 10, rate: 1 })`, `client.notify({ count: 20, rate: 4 })`
	for name, sends := range map[string][2]string{
		"at once": {notify, broadcast}, "one after the other": {broadcast, `sleep(20000).then(() => ` + notify + `)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, gateway.Config{}, func(w *world) {
				p := w.processes(2)
				publishing, listening := p.vu(1), p.vu(2)
				results := together(w, map[*vu]string{
					p.vu(1): client + `await client.listen({ connections: 2, duration: '60s' })`,
					publishing: client + `await client.ready({ listeners: 4 });
						const [first, second] = await Promise.all([` + sends[0] + `, caught(() => ` + sends[1] + `)]);
						return first.received + ' ' + second.name + ': ' + second.message;`,
					listening: client + `return (await client.listen({ connections: 2, duration: '60s' })).received`,
				})
				require.Equal(w, "20 UsageError: in a test of several processes, one process can't both broadcast() and notify() to the audience \"Room1\": "+
					"the others would take the messages that they don't hear for broadcasts that were lost", results[publishing])
				require.Zero(w, listening.sum("pushgw_lost"))
				require.Zero(w, listening.sum("pushgw_indeterminate"))
			})
		})
	}
}
