package pushgw

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/grafana/sobek"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// A script's connection says and hears texts, and its end is told last.
func TestConnectionTalks(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(socket *websocket.Conn, text string) { reply(socket, "you said "+text) }), func(w *world) {
		v := w.vu()
		result := v.run(`
			const host = await new apigw.Client('` + chatURL + `').connect({ nickname: 'Host-A', room: 'Elsewhere' });
			const told = [host.nickname, host.room];
			const closed = new Promise(resolve => host.on('close', resolve));
			const heard = new Promise(resolve => host.on('message', m => {
				told.push(m.data + '|' + m.id);
				if (m.data == 'you said two') resolve();
			}));
			host.on('message', m => told.push('again ' + m.data));
			host.send('one');
			host.send('two');
			await heard;
			told.push(await host.close());
			const { code, reason } = await closed;
			return JSON.stringify([...told, code, reason, await caught(() => host.send('three'))]);
		`)
		require.Equal(w, `["Host-A","Elsewhere","you said one|","again you said one","you said two|","again you said two",`+
			`null,1000,"",{"name":"ClosedError","message":"the connection was closed with code 1000","isError":true}]`, result)
		host := []string{"gateway=apigw", "role=host"}
		require.InDelta(w, 4, v.sum("ws_msgs_sent", host...), 0)
		require.InDelta(w, 4, v.sum("ws_msgs_received", host...), 0)
		require.InDelta(w, 1, v.sum("pushgw_closed", "code=1000", "by=client"), 0)
		require.Zero(w, v.sum("msg_received_counter"), "it is no listener")
	})
}

// What comes before the script has had a chance to register a handler is kept for it, in
// order, even if the connection has been closed meanwhile.
func TestConnectionTellsWhatCameEarly(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, text string) {
		if text == "/join Room1" {
			reply(socket, `Joined chat room "Room1"`)
			reply(socket, "one")
			reply(socket, `{"message": "Forbidden", "connectionId":"a", "requestId":"b"}`)
			reply(socket, "two")
			_ = socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "enough"), time.Time{})
			return
		}
		reply(socket, "Using nickname")
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			const told = [];
			host.on('message', m => told.push(m.data));
			host.on('error', e => told.push(e.name + ' ' + e.message));
			const { code, reason } = await new Promise(resolve => host.on('close', resolve));
			return [...told, code, reason];
		`)
		require.Equal(w, []any{"one", "GatewayError Forbidden: Forbidden", "two", int64(4001), "enough"}, result)
		require.InDelta(w, 1, v.sum("pushgw_closed", "code=4xxx", "by=gateway"), 0)
		require.InDelta(w, 1, v.sum("pushgw_errors", "error=Forbidden"), 0)
	})
}

// So it is when all of it came before the script has its connection at all.
func TestConnectionKeepsWhatCameEarly(t *testing.T) {
	t.Parallel()
	simulate(t, nil, func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("connect", func() *sobek.Promise {
			c := &client{module: v.module, backend: &apiGateway{}}
			s := newConnection(c.begin("connect()", identity{role: telemetry.RoleHost}))
			s.Message([]byte("one"), "a")
			s.Event(dialect.Event{Kind: dialect.Failure, Err: &dialect.Error{Name: "Forbidden", Code: 3}})
			s.Event(dialect.Event{Kind: dialect.KeepAlive})
			s.Message([]byte("two"), "")
			return newPromise(v.VU, func(context.Context) (any, error) {
				time.Sleep(time.Second)
				s.Closed(4001, "enough")
				s.tasks.close()
				return onLoop(s.deliver), nil
			})
		}))
		result := v.run(`
			const told = [];
			const host = await connect();
			host.on('message', m => told.push(m.data + m.id));
			host.on('error', e => told.push(e.name + e.code));
			await new Promise(resolve => host.on('close', resolve));
			return told;
		`)
		require.Equal(w, []any{"onea", "GatewayError3", "two"}, result)
	})
}

// Only so much is kept, whatever a gateway sends, but the end is always told.
func TestConnectionKeepsNoMoreThanItCan(t *testing.T) {
	t.Parallel()
	const dropped = 476
	simulate(t, nil, func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("connect", func() *sobek.Promise {
			c := &client{module: v.module, backend: &apiGateway{}}
			s := newConnection(c.begin("connect()", identity{role: telemetry.RoleHost}))
			return newPromise(v.VU, func(context.Context) (any, error) {
				for i := range maxTasks + dropped {
					s.Message(strconv.AppendInt(nil, int64(i), 10), "")
				}
				s.Event(dialect.Event{Kind: dialect.Failure, Err: &dialect.Error{Name: "Forbidden"}})
				s.Closed(4001, "enough")
				s.tasks.close()
				time.Sleep(time.Second)
				s.call.recorder.Finish()
				return onLoop(s.deliver), nil
			})
		}))
		result := v.run(`
			const told = [];
			const host = await connect();
			host.on('message', m => told.push(m.data));
			host.on('error', e => told.push(e.name));
			await new Promise(resolve => host.on('close', resolve));
			return [told.length, told[0], told[told.length - 1]];
		`)
		require.Equal(w, []any{int64(maxTasks), "0", strconv.Itoa(maxTasks - 1)}, result)
		require.InDelta(w, dropped+1, v.sum("pushgw_errors", "error=EarlyMessageDropped"), 0)
		require.Equal(w, []string{"pushgw: messages are dropped, because more than 1024 came before the script had its connection; " +
			"only the first such is logged, pushgw_errors{error:EarlyMessageDropped} counts all"}, v.logged(logrus.WarnLevel))
		require.Empty(w, v.values("ResponseSuccessRate"), "it is no response of the gateway's")
	})
}

// A connection may outlive a setup() that failed, when k6 takes no samples any more.
func TestConnectionThatOutlivesK6(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("end", func() { close(v.samples) }))
		v.run(`
			const client = new apigw.Client('` + chatURL + `');
			const host = await client.connect();
			const listening = client.listen({ duration: '5s' });
			await sleep(1000);
			end();
			await caught(() => client.broadcast());
			await listening;
			await host.close();
		`)
		require.Equal(w, []string{"pushgw: samples are lost, because k6 ended before a connection did: " +
			"a setup() or teardown() that fails must close its connections"}, v.logged(logrus.WarnLevel)[:1])
	})
}

// An exception in a handler ends the iteration, as any other does.
func TestConnectionWhoseHandlerThrows(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(socket *websocket.Conn, text string) { reply(socket, text) }), func(w *world) {
		_, err := w.vu().try(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			host.on('message', () => { throw new Error('as it was told to') });
			host.send('go');
		`)
		require.ErrorContains(w, err, "in a handler: Error: as it was told to")
	})
}

// A message that nobody has asked for costs the event loop nothing, and a handler that
// comes later hears what comes then.
func TestConnectionWithoutHandlers(t *testing.T) {
	t.Parallel()
	simulate(t, chat(func(socket *websocket.Conn, text string) { reply(socket, text) }), func(w *world) {
		result := w.vu().run(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			for (const text of ['one', 'two', 'three']) {
				host.send(text);
				await sleep(1000);
			}
			const heard = [];
			host.on('message', m => heard.push(m.data));
			host.send('four');
			await sleep(1000);
			await host.close();
			return heard;
		`)
		require.Equal(w, []any{"four"}, result)
	})
}

// What is left in the queue when the iteration ends isn't told any more, but its end is.
func TestConnectionOutlivesNoIteration(t *testing.T) {
	t.Parallel()
	handler := chat(func(socket *websocket.Conn, text string) {
		for range 50 {
			reply(socket, text)
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		var told []string
		require.NoError(w, v.VU.Runtime().Set("tell", func(text string) {
			told = append(told, text)
			v.CancelContext()
		}))
		v.run(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			host.on('message', m => tell(m.data));
			host.on('close', c => tell('closed ' + c.code));
			host.send('go');
		`)
		require.Equal(w, []string{"go", "closed 1000"}, told)
	})
}

func TestConnectionThatFails(t *testing.T) {
	t.Parallel()
	simulate(t, sockets(func(socket *websocket.Conn, _ string) {
		reply(socket, `{"message": "Forbidden", "connectionId":"a", "requestId":"b"}`)
	}), func(w *world) {
		v := w.vu()
		f := v.fails(`await new apigw.Client('` + chatURL + `').connect()`)
		require.Equal(w, "HandshakeError", f.name)
		require.Equal(w, "connecting to gateway.test failed (handshake): step 1 of 2, which sent `Host-1` and waited for a text that "+
			"begins with `Using nick`, failed: Forbidden: Forbidden; the last frame that came was `"+forbidden+"`", f.message)
		require.InDelta(w, 1, v.sum("pushgw_connect_failed", "phase=handshake", "status=0", "role=host"), 0)
		require.Equal(w, []float64{1, 0}, v.values("ResponseSuccessRate"), "the upgrade and the error frame")
		require.InDelta(w, 1, v.sum("pushgw_closed"), 0)
	})
}

// close() resolves when the gateway has closed the connection too, in whichever way.
func TestConnectionClosesPatiently(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		answer := socket.CloseHandler()
		socket.SetCloseHandler(func(code int, text string) error {
			time.Sleep(time.Second)
			return answer(code, text)
		})
		_, _, _ = socket.ReadMessage()
		_ = socket.Close()
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const host = await new apigw.Client('` + chatURL + `', { handshake: [] }).connect();
			const began = Date.now();
			await host.close();
			return Date.now() - began;
		`)
		require.EqualValues(w, 1000, result)
		require.Equal(w, []float64{1000}, v.values("ws_session_duration"))
	})
}

// A gateway that doesn't finish the handshake is given up after the timeout.
func TestConnectionThatTakesTooLong(t *testing.T) {
	t.Parallel()
	for options, limit := range map[string]float64{`{}`: 30, `{ timeout: '3s' }`: 3} {
		simulate(t, sockets(func(*websocket.Conn, string) {}), func(w *world) {
			began := time.Now()
			v := w.vu()
			f := v.fails(`await new apigw.Client('` + chatURL + `', ` + options + `).connect()`)
			require.Equal(w, "HandshakeError", f.name)
			message := func(nickname string) string {
				return "connecting to gateway.test failed (handshake): step 1 of 2, which sent `" + nickname + "` and waited for a text that " +
					"begins with `Using nick`, failed: the gateway did not finish the handshake in time; no frame came"
			}
			require.Equal(w, message("Host-1"), f.message)
			// Deadlines are looked at ten times a second, and the gateway has two seconds to say goodbye.
			require.InDelta(w, limit+0.1, time.Since(began).Seconds(), 0.1)
			require.InDelta(w, 1, v.sum("pushgw_connect_failed", "phase=handshake", "role=host"), 0)

			listener := w.vu()
			listener.run(`await new apigw.Client('` + chatURL + `', ` + options + `).listen({ duration: '1h' })`)
			require.Len(w, listener.logged(logrus.ErrorLevel), 1)
			cause, _ := listener.log.LastEntry().Data[logrus.ErrorKey].(error)
			require.EqualError(w, cause, "listener 0: "+message("Listener-7-2"))
		})
	}
}

func TestConnectionChecksItsArguments(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result, _ := v.run(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			const failures = [];
			for (const f of [
				() => host.send(), () => host.send(5), () => host.send({}), () => host.on('open', () => 1), () => host.on('message', 5),
				() => host.join(''), () => host.join('two words'), () => host.join(), () => host.join(5), () => host.join({}), () => host.broadcast({ message: '' }),
			]) {
				const { name, message } = await caught(f);
				failures.push(name + ': ' + message);
			}
			await host.close();
			return failures;
		`).([]any)
		require.Equal(w, []any{
			"UsageError: send() takes a string, not null; JSON.stringify() makes one of an object",
			"UsageError: send() takes a string, not a number; JSON.stringify() makes one of an object",
			"UsageError: send() takes a string, not an object; JSON.stringify() makes one of an object",
			`UsageError: on(): unknown event "open"; known are message, close, error`,
			`UsageError: on(): the handler of "message" must be a function`,
			`UsageError: join(): a room's name is one word, not ""`,
			`UsageError: join(): a room's name is one word, not "two words"`,
			`UsageError: join(): a room's name is a string, not null`,
			`UsageError: join(): a room's name is a string, not a number`,
			`UsageError: join(): a room's name is a string, not an object`,
			`InvalidOption: broadcast(): option "message" must contain {{stamp}}, by which its listeners know it`,
		}, result)
	})
}
