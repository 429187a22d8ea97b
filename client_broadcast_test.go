package pushgw

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// nobodyHeard is what the log adds where none of the deliveries came.
const nobodyHeard = "; nobody has heard any, so they may go elsewhere than where the listeners are: look at the message and its room or channel"

// What is sent and heard comes out as a result and as samples, in milliseconds.
func TestBroadcastMeasuresDeliveries(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const listening = client.listen({ connections: 3, duration: '20s' });
			await client.ready({ listeners: 3 });
			const result = await client.broadcast({ count: 4, rate: 2 });
			await listening;
			return JSON.stringify(result);
		`)
		require.Equal(w, `{"planned":4,"sent":4,"unsent":0,"expected":12,"received":12,"lost":0,"missed":0,"late":0,"duplicated":0,"reordered":0,`+
			`"indeterminate":0,"first":30,"p50":30,"p99":30,"last":30}`, result)

		listener := []string{"gateway=apigw", "role=listener", "scenario=tested"}
		host := []string{"gateway=apigw", "role=host", "scenario=tested"}
		require.Equal(w, slices.Repeat([]float64{30}, 12), v.values("ws_resp_delay", append(listener, "origin=local")...))
		require.Len(w, v.values("ws_resp_delay"), 12)
		require.InDelta(w, 12, v.sum("msg_received_counter", append(listener, "origin=local")...), 0)
		require.Equal(w, slices.Repeat([]float64{1}, 12), v.values("pushgw_reach", host...))
		require.Equal(w, slices.Repeat([]float64{30}, 4), v.values("pushgw_fanout_first", host...))
		require.Equal(w, []float64{0}, v.values("pushgw_lost", append(host, "cause=cut")...))
		require.Equal(w, []float64{0}, v.values("pushgw_lost", append(host, "cause=missing")...))
		require.Equal(w, []float64{0}, v.values("pushgw_missed", host...))
		require.Equal(w, []float64{0}, v.values("pushgw_unsent", host...))
		require.Equal(w, []float64{0}, v.values("pushgw_indeterminate", host...))
		require.InDelta(w, 3, v.sum("ws_sessions", listener...), 0)
		require.InDelta(w, 1, v.sum("ws_sessions", host...), 0)
		require.InDelta(w, 6, v.sum("ws_msgs_sent", listener...), 0, "nickname and join")
		require.InDelta(w, 6, v.sum("ws_msgs_sent", host...), 0, "and the broadcasts")
		require.InDelta(w, 1, v.sum("pushgw_closed", append(host, "code=1000", "by=client")...), 0)
		require.InDelta(w, 4, v.sum("nickname_counter"), 0)
		require.InDelta(w, 4, v.sum("joined_success_counter"), 0)
		open := v.values("pushgw_connections")
		require.InDelta(w, 4, slices.Max(open), 0)
		require.Zero(w, open[len(open)-1])
		require.NotContains(w, v.values("ResponseSuccessRate"), 0.0)
		require.Empty(w, v.logged(logrus.WarnLevel))
	})
}

func TestBroadcastTellsFirstFromLast(t *testing.T) {
	t.Parallel()
	var w *world
	var audience func(text string)
	simulate(t, chat(func(_ *websocket.Conn, text string) { audience(text) }), func(world *world) {
		w = world
		members := w.listeners(chatAudience, 3)
		sent := 0
		audience = func(text string) {
			for i, member := range members {
				after := [][]time.Duration{{10, 20, 50}, {5, 7, 70}}[sent][i]
				w.delivers(member, text, after*time.Millisecond)
			}
			sent++
		}
		v := w.vu()
		result := v.run(`
			const { first, p50, p99, last } = await new apigw.Client('` + chatURL + `').broadcast({ count: 2, rate: 1 });
			return [first, last, p50, p99];
		`).([]any)
		require.EqualValues(w, 10, result[0])
		require.EqualValues(w, 70, result[1])
		require.InEpsilon(w, 10.0, result[2], 0.01, "the third of six")
		require.InEpsilon(w, 70.0, result[3], 0.01)
		require.Equal(w, []float64{10, 5}, v.values("pushgw_fanout_first"))
		require.Equal(w, []float64{50, 70}, v.values("pushgw_fanout_last"))
	})
}

// What nobody has heard is waited for as long as settle says, and then lost.
func TestBroadcastSettles(t *testing.T) {
	t.Parallel()
	for options, wait := range map[string]int64{
		``:                                5000,
		`{}`:                              5000,
		`{ settle: 1500 }`:                1500,
		`{ settle: '1m' }`:                60_000,
		`{ count: 3, rate: 0.5 }`:         9000,
		`{ count: undefined, rate: null}`: 5000,
	} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
				w.listeners(chatAudience, 2)
				v := w.vu()
				result := v.run(`
					const began = Date.now();
					const { expected, received, lost, first, last } = await new apigw.Client('` + chatURL + `').broadcast(` + options + `);
					return { took: Date.now() - began, expected, received, lost, first, last };
				`).(map[string]any)
				require.EqualValues(w, wait, result["took"])
				require.Equal(w, result["expected"], result["lost"])
				require.NotZero(w, result["lost"])
				require.Zero(w, result["received"])
				require.Zero(w, result["first"])
				require.Zero(w, result["last"])
				require.InDelta(w, result["lost"], v.sum("pushgw_lost"), 0)
				require.Equal(w, slices.Repeat([]float64{0}, int(result["lost"].(int64))), v.values("pushgw_reach"))
				require.Empty(w, v.values("pushgw_fanout_first"))
			})
		})
	}
}

// A listener that leaves has lost what it should have heard by then. What was still
// under way is indeterminate, and the log says so once.
func TestBroadcastWhoseListenersLeave(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
		members := w.listeners(chatAudience, 2)
		time.AfterFunc(4*time.Second, func() { members[0].Leave(ledger.Local) })
		time.AfterFunc(11*time.Second, func() { members[1].Leave(ledger.Local) })
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const result = await client.broadcast({ count: 2, rate: 0.1, settle: '2s' });
			return [result.expected, result.lost, result.indeterminate];
		`)
		require.Equal(w, []any{int64(3), int64(2), int64(1)}, result)
		require.InDelta(w, 1, v.sum("pushgw_indeterminate"), 0)
		require.Equal(w, []string{
			"pushgw: deliveries are lost, at first 2 of 2: they didn't come within settle of their broadcast" + nobodyHeard + " (only the first such are logged, pushgw_lost{cause:missing} counts all)",
			"pushgw: deliveries are indeterminate, neither received nor lost, at first 1 of 1: listeners came or left " +
				"while they were under way, or the test ended (only the first such are logged, pushgw_indeterminate counts all)",
		}, v.logged(logrus.WarnLevel))
	})
}

// What comes after a broadcast was settled is lost, and named.
func TestBroadcastWhoseDeliveriesAreLate(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(5*time.Second), func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const listening = client.listen({ connections: 3, duration: '1m' });
			await client.ready({ listeners: 3 });
			const { expected, received, lost, late } = await client.broadcast({ count: 2, rate: 0.1, settle: '2s' });
			await listening;
			return [expected, received, lost, late];
		`)
		require.Equal(w, []any{int64(6), int64(0), int64(6), int64(3)}, result, "the second broadcast's came when it was over")
		require.InDelta(w, 6, v.sum("pushgw_errors", "error=LateDelivery"), 0)
		require.Equal(w, []float64{3, 3}, v.values("pushgw_lost", "cause=missing"), "each broadcast's when it settles")
		require.Equal(w, []string{
			"pushgw: deliveries are lost, at first 3 of 3: they didn't come within settle of their broadcast" + nobodyHeard + " (only the first such are logged, pushgw_lost{cause:missing} counts all)",
			"pushgw: a delivery came 5s after its broadcast was sent, which had been settled before that: it counts as lost; " +
				"a longer settle waits for such deliveries. Only the first such is logged, pushgw_errors{error:LateDelivery} counts all",
		}, v.logged(logrus.WarnLevel))
	})
}

// A broadcast that nobody was there to hear is named, though others were heard.
func TestBroadcastToNobodyOnce(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
		time.AfterFunc(1500*time.Millisecond, func() { w.listeners(chatAudience, 1) })
		v := w.vu()
		v.run(`await new apigw.Client('` + chatURL + `').broadcast({ count: 3, rate: 1 })`)
		require.Equal(w, []string{
			"pushgw: nobody was expected to hear broadcasts, at first 1 of 1, because no listener of this process was ready; " +
				"what listeners of other processes lose is in the accounts of these",
			"pushgw: deliveries are lost, at first 1 of 1: they didn't come within settle of their broadcast" + nobodyHeard + " (only the first such are logged, pushgw_lost{cause:missing} counts all)",
		}, v.logged(logrus.WarnLevel))
	})
}

func TestBroadcastToNobody(t *testing.T) {
	t.Parallel()
	var said []string
	simulate(t, chat(func(_ *websocket.Conn, text string) { said = append(said, text) }), func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			await client.broadcast({ message: 'a {{stamp}} b {{stamp}}' });
			const { sent, expected, received } = await client.broadcast();
			return [sent, expected, received];
		`)
		require.Equal(w, []any{int64(1), int64(0), int64(0)}, result)
		warnings := v.logged(logrus.WarnLevel)
		require.Len(w, warnings, 1, "once for the process")
		require.Contains(w, warnings[0], "nobody was expected to hear broadcasts, at first 1 of 1, because no listener of this process was ready")
		require.Len(w, said, 2)
		s, rest, _, ok := stamp.Find([]byte(said[0]))
		require.True(w, ok)
		require.Equal(w, "a "+s.String()+" b "+s.String(), said[0])
		require.Equal(w, " b "+s.String(), string(rest))
		require.Len(w, said[1], stamp.Len, "by default a message is a stamp and nothing else")
	})
}

// Where listeners are ready in other audiences, a few of these are named.
func TestBroadcastToAnAudienceOfNobody(t *testing.T) {
	t.Parallel()
	for others, named := range map[int]string{1: `"R0"`, 5: `"R0", "R1", "R2", "R3", "R4"`, 7: `"R0", "R1", "R2", "R3", "R4" and 2 more`} {
		simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
			for i := range others {
				w.listeners(chatRoom(fmt.Sprintf("R%d", i)), 1)
			}
			w.listeners(ledger.Name{Endpoint: "elsewhere", Key: "R9"}, 1)
			w.listeners(chatRoom("left"), 1)[0].Leave(ledger.Local)
			v := w.vu()
			v.run(`await new apigw.Client('` + chatURL + `', { room: 'R{{index}}' }).broadcast({ audience: 'ZZZ' })`)
			require.Equal(w, []string{`pushgw: nobody was expected to hear broadcasts, at first 1 of 1, because no listener is in the audience "ZZZ"; ` +
				`listeners of this process are ready in ` + named + `; what listeners of other processes lose is in the accounts of these`},
				v.logged(logrus.WarnLevel))
		})
	}
}

// Of what was never sent there is nothing to warn.
func TestBroadcastThatWasNotSent(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		u := &url.URL{Scheme: "ws", Host: "gateway.test"}
		c := (&client{module: v.module, backend: &apiGateway{url: u}}).begin("", identity{})
		a := &account{call: c, audience: c.client.audience("Room1")}
		a.warn(&ledger.Settlement{})
		require.Empty(w, v.log.AllEntries())
		a.warn(&ledger.Settlement{Broadcasts: []ledger.Settled{{}}})
		require.Len(w, v.log.AllEntries(), 1)
	})
}

// A broadcast that falls behind its schedule is dated as it was due.
func TestBroadcastDatesByItsSchedule(t *testing.T) {
	t.Parallel()
	var due []time.Time
	handler := graphql(func(query string) (int, string) {
		s, _, _, _ := stamp.Find([]byte(query))
		due = append(due, s.Sent)
		time.Sleep(1500 * time.Millisecond)
		return http.StatusOK, `{"data":{}}`
	})
	simulate(t, handler, func(w *world) {
		began := time.Now()
		w.vu().run(`await ` + appSyncClient + `.broadcast({ count: 4, rate: 1 });`)
		require.Len(w, due, 4)
		for i, at := range due {
			require.Equal(w, time.Duration(i)*time.Second, at.Sub(began))
		}
	})
}

// The clock of a process can be made to differ. What the process measures by that clock
// alone stays right.
func TestBroadcastFromAnotherClock(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(100*time.Millisecond), func(w *world) {
		v := initVU(w.T, w.process, map[string]string{"PUSHGW_TEST_CLOCK_OFFSET": "500ms"})
		v.start(w.network)
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const listening = client.listen({ duration: '8s' });
			await client.ready({ listeners: 1 });
			const { first } = await client.broadcast({ count: 2, rate: 1 });
			await listening;
			return first;
		`)
		require.EqualValues(w, 100, result)
		require.Equal(w, []float64{100, 100}, v.values("ws_resp_delay"))
		require.Empty(w, v.logged(logrus.WarnLevel))
	})
}

// A broadcast that could not be sent is expected by nobody.
func TestBroadcastThatCannotBeSent(t *testing.T) {
	t.Parallel()
	requests := 0
	handler := graphql(func(string) (int, string) {
		if requests++; requests == 2 {
			return http.StatusOK, `{"data":{}}`
		}
		return http.StatusServiceUnavailable, `{"data":{}}`
	})
	simulate(t, handler, func(w *world) {
		members := w.listeners(graphqlAudience, 2)
		v := w.vu()
		result := v.run(`
			const { sent, expected, lost } = await ` + appSyncClient + `.broadcast({ count: 3 });
			return [sent, expected, lost];
		`)
		require.Equal(w, []any{int64(1), int64(2), int64(2)}, result)
		require.Len(w, members, 2)
		require.Equal(w, []float64{0, 1, 0}, v.values("ResponseSuccessRate"))
		require.Equal(w, []string{"pushgw: a broadcast could not be sent (only the first of a broadcast() is logged, pushgw_unsent counts all)"},
			v.logged(logrus.ErrorLevel))
		require.Contains(w, v.logged(logrus.WarnLevel), "pushgw: 2 of 3 planned broadcasts were not sent, the latest because: "+
			"Other: gateway.test answered POST /graphql with status 503: its body has data and no errors (only the first such broadcast() is logged, pushgw_unsent counts all)")
	})
}

// The log says why a series came to an end, even where its first failure was another.
func TestBroadcastsThatCannotBeSentAnyMore(t *testing.T) {
	t.Parallel()
	answers := []string{`{"data":{}}`, `{"errors":[{"errorType":"LimitExceededException","message":"Rate limit exceeded"}]}`, `{"data":{}}`}
	handler := graphql(func(string) (int, string) {
		if len(answers) == 0 {
			return http.StatusUnauthorized, `{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}`
		}
		next := answers[0]
		answers = answers[1:]
		return http.StatusOK, next
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const { sent, unsent } = await ` + appSyncClient + `.broadcast({ count: 10, rate: 1 });
			return [sent, unsent];
		`)
		require.Equal(w, []any{int64(2), int64(8)}, result)
		require.Contains(w, v.logged(logrus.WarnLevel), "pushgw: 8 of 10 planned broadcasts were not sent, the latest because: "+
			"Unauthorized: Token has expired. (only the first such broadcast() is logged, pushgw_unsent counts all)")
	})
}

func TestBroadcastOfWhichNothingCanBeSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   failure
		rate   []float64
	}{
		"a status": {http.StatusBadGateway, `{"data":{}}`, failure{"PublishError", 502, "Other: gateway.test answered POST /graphql with status 502: its body has data and no errors"}, []float64{0, 0}},
		"an error": {
			http.StatusOK, `{"errors":[{"errorType":"LimitExceededException","errorCode":429,"message":"Too many"}]}`,
			failure{"PublishError", 429, "LimitExceeded: Too many"},
			[]float64{0, 0},
		},
		"a refusal": {
			http.StatusUnauthorized, `{"errors":[{"errorType":"UnauthorizedException","message":"No"}]}`,
			failure{"PublishError", 401, "Unauthorized: No"},
			[]float64{0},
		},
		"nonsense": {
			http.StatusOK, `{}`,
			failure{"PublishError", 0, "Other: gateway.test answered POST /graphql with status 200: what came has neither data nor errors"},
			[]float64{0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, graphql(func(string) (int, string) { return c.status, c.body }), func(w *world) {
				w.listeners(graphqlAudience, 2)
				v := w.vu()
				require.Equal(w, c.want, v.fails(`await `+appSyncClient+`.broadcast({ count: 2 });`))
				require.Equal(w, c.rate, v.values("ResponseSuccessRate"))
				require.Zero(w, v.sum("pushgw_lost"))
				require.Empty(w, v.values("pushgw_reach"))
				require.Len(w, v.logged(logrus.ErrorLevel), 1)
			})
		})
	}
}

// What nobody waits for because the iteration was stopped isn't lost.
func TestBroadcastThatIsStopped(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
		w.listeners(chatAudience, 2)
		v := w.vu()
		time.AfterFunc(2500*time.Millisecond, v.CancelContext)
		result := v.run(`
			const { sent, expected, lost, indeterminate } =
				await new apigw.Client('` + chatURL + `').broadcast({ count: 9, rate: 1 });
			return [sent, expected, lost, indeterminate];
		`)
		require.Equal(w, []any{int64(3), int64(6), int64(0), int64(6)}, result)
		require.Zero(w, v.sum("pushgw_lost"))
		require.InDelta(w, 6, v.sum("pushgw_indeterminate"), 0)
	})
}

func TestBroadcastChecksItsOptions(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client('`+chatURL+`').broadcast(`, map[string]string{
		`{ count: 0 }`:            `broadcast(): option "count" must be a number not below 1, not 0`,
		`{ count: 1.5 }`:          `broadcast(): option "count" must be a whole number, not 1.5`,
		`{ rate: -1 }`:            `broadcast(): option "rate" must be a number not below 0, not -1`,
		`{ rate: 1e-12 }`:         `broadcast(): option "rate" is too small: 1e-12 a second is less than one a day`,
		`{ settle: '-1s' }`:       `broadcast(): option "settle" must not be negative, but is -1s`,
		`{ message: 'no place' }`: `broadcast(): option "message" must contain {{stamp}}, by which its listeners know it`,
		`{ mesage: '' }`:          `broadcast(): unknown option "mesage"; known are count, rate, until, settle, message, audience`,
	})
	const until = `broadcast(): option "until" `
	requireThrows(t, `new apigw.Client('`+chatURL+`').broadcast(`, map[string]string{
		`{ until: '1s', rate: 1, count: 2 }`:             until + `can't be given beside "count"`,
		`{ until: '1s' }`:                                until + `needs "rate": how many are to be sent each second?`,
		`{ until: 0, rate: 1 }`:                          until + `must be longer than nothing`,
		`{ until: '10000h', rate: 1000 }`:                until + `is too long: that would be 36000000000 broadcasts`,
		`{ until: {}, rate: 1 }`:                         until + `must be a duration such as '5s' or a number of milliseconds, not an object`,
		`{ until: { then: 1 }, rate: 1 }`:                until + `must be a duration such as '5s' or a number of milliseconds, not an object`,
		`{ until: { then() { throw 'no'; } }, rate: 1 }`: until + `can't be waited for: no at then (<eval>:1:114(2))`,
	})
	requireThrows(t, appSyncClient+`.broadcast(`, map[string]string{
		`{ message: '{{stamp}}' }`: `broadcast(): unknown option "message"; known are count, rate, until, settle, audience`,
	})
}

// appSyncClient makes a client that subscribes and publishes.
const appSyncClient = `new appsync.Client('` + graphqlURL + `', {
	auth: { apiKey: 'da2-localpushgatewayapikey0001' },
	subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
	mutation: { query: 'mutation($t: String!) { createRoom(input: { title: $t }) { id title } }', variables: { t: 'room {{stamp}}' } },
})`

var graphqlAudience = ledger.Name{
	Endpoint: "appsync gateway.test:80/graphql",
	Key:      `{"query":"subscription { onCreateRoom { __typename id title } }","variables":{}}`,
}

// graphql answers every GraphQL request over HTTP.
func graphql(answer func(body string) (status int, text string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" ||
			!strings.HasPrefix(r.Header.Get("X-Api-Key"), "da2-") || !json.Valid(body) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		status, text := answer(string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}
