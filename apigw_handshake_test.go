package pushgw

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
)

// A step may know its reply by how it begins, by a text in it, or by a pattern.
func TestHandshakeKnowsReplies(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]string{
		"expect":   `expect: 'ok hello'`,
		"contains": `contains: 'k hell'`,
		"pattern":  `pattern: 'h[aeiou]l+o$'`,
		"RegExp":   `pattern: /^OK.H[aeiou]l+o$/isu`,
	} {
		said, v := conversation(t, `
			const handshake = [{ send: 'no' }, { send: 'hello', counter: 'hello_counter', timeout: '5s', `+step+` }, { send: 'bye' }];
			const host = await new apigw.Client('`+chatURL+`', { handshake }).connect();
			await host.close();
		`)
		require.Equal(t, []string{"no", "hello", "bye"}, said, name)
		require.InDelta(t, 1, v.sum("hello_counter"), 0, name)
		require.Equal(t, []float64{0}, v.values("pushgw_ready_time"), name)
	}
}

// The id that a step finds is the connection's; there is none if none does.
func TestHandshakeFindsTheConnectionsID(t *testing.T) {
	t.Parallel()
	for pattern, id := range map[string]any{
		`/"id":"(?<connectionId>[^"]+)"/`:     "L0SM9cOFvHcCIhw=",
		`'"id":"(?P<connectionId>[^"]+)"'`:    "L0SM9cOFvHcCIhw=",
		`'"id":"([^"]+)"'`:                    nil,
		`'"(?:id|(?<connectionId>no))":'`:     nil,
		`/^\{"id":"(?<connectionId>[^"]{3})/`: "L0S",
	} {
		simulate(t, sockets(func(socket *websocket.Conn, _ string) { reply(socket, `{"id":"L0SM9cOFvHcCIhw="}`) }), func(w *world) {
			result := w.vu().run(`
				const handshake = [{ send: '/whoami', pattern: ` + pattern + ` }, { send: '/again', expect: '{' }];
				const host = await new apigw.Client('` + chatURL + `', { handshake }).connect();
				const { connectionId } = host;
				await host.close();
				return [connectionId, 'connectionId' in host, host.connectionId];
			`)
			require.Equal(w, []any{id, true, id}, result, pattern)
		})
	}
}

// A step that fails is named by number and text, with what it waited for and what came.
func TestHandshakeThatFails(t *testing.T) {
	t.Parallel()
	const (
		options  = `{ handshake: [{ send: 'a', contains: 'ok a' }, { send: 'b', pattern: /ok (b|c)/, timeout: '2s' }] }`
		second   = "connecting to gateway.test failed (handshake): step 2 of 2, which sent `b` and waited up to 2s for a text that matches `ok (b|c)`, failed: "
		lastWas  = "; the last frame that came was `"
		tooLarge = "\x1b[0m\u2028 and more"
	)
	for name, c := range map[string]struct {
		answer  func(socket *websocket.Conn)
		message string
	}{
		"nothing":   {func(*websocket.Conn) {}, second + "no such reply came in time" + lastWas + "ok a`"},
		"another":   {func(socket *websocket.Conn) { reply(socket, "ok d") }, second + "no such reply came in time" + lastWas + "ok d`"},
		"a close":   {func(socket *websocket.Conn) { _ = socket.Close() }, second + "websocket: close 1006 (abnormal closure): unexpected EOF" + lastWas + "ok a`"},
		"a refusal": {func(socket *websocket.Conn) { reply(socket, forbidden) }, second + "Forbidden: Forbidden" + lastWas + forbidden + "`"},
		"odd characters": {
			func(socket *websocket.Conn) { reply(socket, tooLarge) },
			second + `no such reply came in time; the last frame that came was "\x1b[0m\u2028 and more"`,
		},
	} {
		simulate(t, sockets(func(socket *websocket.Conn, text string) {
			if text == "a" {
				reply(socket, "ok a")
			} else {
				c.answer(socket)
			}
		}), func(w *world) {
			host, v := w.vu(), w.vu()
			require.Equal(w, failure{"HandshakeError", 0, c.message}, host.fails(`await new apigw.Client('`+chatURL+`', `+options+`).connect()`), name)
			v.run(`await new apigw.Client('` + chatURL + `', ` + options + `).listen({ duration: '1h' })`)
			require.Len(w, v.logged(logrus.ErrorLevel), 1, name)
			var cause error
			for _, entry := range v.log.AllEntries() {
				if entry.Level == logrus.ErrorLevel {
					cause, _ = entry.Data[logrus.ErrorKey].(error)
				}
			}
			require.EqualError(w, cause, "listener 0: "+c.message, name)
			for _, v := range []*vu{host, v} {
				require.InDelta(w, 1, v.sum("pushgw_connect_failed", "phase=handshake", "status=0"), 0, name)
			}
		})
	}
}

// A step's own timeout counts from when the step begins.
func TestHandshakeTimesSteps(t *testing.T) {
	t.Parallel()
	simulate(t, sockets(func(socket *websocket.Conn, text string) {
		time.Sleep(map[string]time.Duration{"a": 5 * time.Second, "b": time.Second}[text])
		reply(socket, "ok "+text)
	}), func(w *world) {
		v := w.vu()
		result := v.run(`
			const connect = (first, second) => caught(() => new apigw.Client('` + chatURL + `', { timeout: '20s', handshake: [
				{ send: 'a', expect: 'ok a', timeout: first }, { send: 'b', expect: 'ok b', timeout: second },
			] }).connect().then(host => host.close()));
			return [(await connect('6s', '2s')).name, (await connect('6s')).name, (await connect('4s')).name, (await connect(undefined, 500)).name];
		`)
		require.Equal(w, []any{nil, nil, "HandshakeError", "HandshakeError"}, result)
		time.Sleep(10 * time.Second) // until the gateway has answered all
	})
}

func TestHandshakeChecksItsOptions(t *testing.T) {
	t.Parallel()
	const one = `new apigw.Client() handshake[0]: option `
	requireThrows(t, `new apigw.Client('`+chatURL+`', { handshake: [{ send: 'a', `, map[string]string{
		`expect: 'a', contains: 'b' }] }`:                one + `"contains" can't be given beside "expect": a step knows its reply by one of expect, contains, pattern`,
		`contains: 'a', pattern: /b/ }] }`:               one + `"pattern" can't be given beside "contains": a step knows its reply by one of expect, contains, pattern`,
		`expect: '' }] }`:                                one + `"expect" must not be empty`,
		`contains: '' }] }`:                              one + `"contains" must not be empty`,
		`pattern: '' }] }`:                               one + `"pattern" must not be empty`,
		`pattern: 5 }] }`:                                one + `"pattern" must be a string, not a number`,
		`pattern: {} }] }`:                               one + `"pattern" must be a string, not an object`,
		`pattern: Object.setPrototypeOf(/a/, null) }] }`: one + `"pattern" must be a string or a RegExp, not an object`,
		`pattern: '(' }] }`:                              one + "\"pattern\" error parsing regexp: missing closing ): `(`",
		`pattern: /(?=a)b/ }] }`:                         one + "\"pattern\" error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
		`pattern: /a/gi }] }`:                            one + `"pattern" can't have the flag "g"`,
		`pattern: /(?<connectionID>.)/ }] }`:             one + `"pattern" has a group named "connectionID"; the only name with a meaning is connectionId`,
		`expect: 'a', timeout: 0 }] }`:                   one + `"timeout" must be more than zero`,
		`expect: 'a', timeout: 'soon' }] }`:              one + `"timeout" must be a duration such as '5s' or a number of milliseconds, not soon`,
		`expect: 'a', timeout: '31s' }] }`:               one + `"timeout" must not be longer than the client's, which is 30s and bounds the whole handshake`,
		`expect: 'a', timeout: 9 }], timeout:8}`:         one + `"timeout" must not be longer than the client's, which is 8ms and bounds the whole handshake`,
		`timeout: '1s' }] }`:                             one + `"timeout" needs a reply to wait for: one of expect, contains, pattern`,
	})
}

// What is the chat application's is a mistake where another's handshake is told.
func TestHandshakeOfAnotherApplication(t *testing.T) {
	t.Parallel()
	const another = `{ handshake: [{ send: 'hello', expect: 'ok' }] }`
	simulate(t, sockets(func(socket *websocket.Conn, text string) { reply(socket, "ok "+text) }), func(w *world) {
		v := w.vu()
		began := time.Now()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `', ` + another + `);
			const failures = [];
			for (const options of [{ nickname: 'N' }, { room: 'R' }, { nickname: 'N', rom: 'R' }]) {
				const { name, message } = await caught(() => client.connect(options));
				failures.push(name + ': ' + message);
			}
			const host = await client.connect();
			const { name, message } = await caught(() => host.join('R'));
			await host.close();
			return [...failures, name + ': ' + message, 'nickname' in host, 'room' in host];
		`)
		require.Zero(w, time.Since(began))
		require.Equal(w, []any{
			`UsageError: connect(): option "nickname" has no use, because no step of the client's handshake has {{nickname}} in it`,
			`UsageError: connect(): option "room" has no use, because no step of the client's handshake has {{room}} in it`,
			`UsageError: connect(): option "nickname" has no use, because no step of the client's handshake has {{nickname}} in it`,
			`UsageError: join() is for the chat application, and the client's handshake is another's: send() what yours takes`,
			false, false,
		}, result)
	})
}

// Where a step has them, another application has nicknames and rooms too, of any words.
func TestHandshakeWithNicknamesAndRooms(t *testing.T) {
	t.Parallel()
	said, _ := conversation(t, `
		const client = new apigw.Client('`+chatURL+`', { room: 'Room 1', handshake: [{ send: '{{nickname}} in {{room}}', expect: 'ok' }] });
		for (const options of [{ nickname: 'N' }, { nickname: 'N', room: 'Room 2' }]) {
			const host = await client.connect(options);
			host.send(host.nickname + ' is in ' + host.room);
			await host.close();
		}
	`)
	require.Equal(t, []string{"N in Room 1", "N is in Room 1", "N in Room 2", "N is in Room 2"}, said)
}
