package pushgw

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// Broadcasts go to the room that the connection is in, and are accounted for there.
func TestConnectionJoinsAnotherRoom(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		v := w.vu()
		result := v.run(`
			const first = new apigw.Client('` + chatURL + `');
			const second = new apigw.Client('` + chatURL + `', { room: 'Room2' });
			const listening = [first.listen({ connections: 2, duration: '1m' }), second.listen({ connections: 3, duration: '1m' })];
			await first.ready({ listeners: 2 });
			await second.ready({ listeners: 3 });
			const host = await first.connect();
			const one = await host.broadcast();
			await host.join('Room2');
			const two = await host.broadcast();
			const listened = await Promise.all(listening);
			await host.close();
			return [one.received, two.received, host.room, listened[0].received, listened[1].received];
		`)
		require.Equal(w, []any{int64(2), int64(3), "Room2", int64(2), int64(3)}, result)
		require.InDelta(w, 7, v.sum("joined_success_counter"), 0)
	})
}

// What a script does to the object must not end k6: the promise is rejected.
func TestConnectionWhoseRoomCannotBeSet(t *testing.T) {
	t.Parallel()
	simulateGateway(t, gateway.Config{}, func(w *world) {
		result := w.vu().run(`
			const host = Object.freeze(await new apigw.Client('` + chatURL + `').connect());
			const { name } = await caught(() => host.join('Room2'));
			await host.close();
			return name;
		`)
		require.Equal(w, "InternalError", result)
	})
}

func TestConnectionThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	joined := 0
	handler := sockets(func(socket *websocket.Conn, text string) {
		switch {
		case text == "/join Forbidden":
			reply(socket, `{"message": "Forbidden", "connectionId":"a", "requestId":"b"}`)
		case text == "/join Closed":
			_ = socket.Close()
		case text == "/join Room1":
			joined++
			reply(socket, `Joined chat room "Room1"`)
		case text != "/join Silent":
			reply(socket, "Using nickname")
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `', { timeout: '4s' });
			const host = await client.connect();
			const failures = [];
			host.on('error', e => failures.push(e));
			const began = Date.now();
			for (const room of ['Forbidden', 'Closed', 'Room1']) {
				const { name, message } = await caught(() => host.join(room));
				failures.push(name + ': ' + message);
			}
			const other = await client.connect();
			const { name, message } = await caught(() => other.join('Silent'));
			await other.close();
			return [Date.now() - began, host.room, ...failures, name + ': ' + message];
		`)
		require.Equal(w, []any{
			int64(4000), "Room1", "GatewayError: Forbidden: Forbidden", "ClosedError: the connection was closed with code 1006",
			"ClosedError: the connection was closed with code 1006",
			"TimeoutError: the gateway did not answer within 4s",
		}, result)
		require.Equal(w, 2, joined)
	})
}

// Requests that are alike are answered one after the other.
func TestConnectionAsksTwice(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, text string) {
		if text == "/join Other" {
			time.Sleep(time.Second) // in which both are asked for
		}
		reply(socket, map[bool]string{true: "Using nickname", false: "Joined chat room"}[text[0] != '/'])
	})
	simulate(t, handler, func(w *world) {
		result := w.vu().run(`
			const host = await new apigw.Client('` + chatURL + `', { timeout: '4s' }).connect();
			const joined = await Promise.all([host.join('Other'), host.join('Other')]);
			await host.close();
			return joined.length;
		`)
		require.EqualValues(w, 2, result)
	})
}

// The end of the iteration ends the wait for an answer.
func TestConnectionThatIsStopped(t *testing.T) {
	t.Parallel()
	handler := sockets(func(socket *websocket.Conn, text string) {
		if !strings.HasPrefix(text, "/join Silent") {
			reply(socket, map[bool]string{true: "Using nickname", false: "Joined chat room"}[text[0] != '/'])
		}
	})
	simulate(t, handler, func(w *world) {
		v := w.vu()
		time.AfterFunc(time.Second, v.CancelContext)
		f := v.fails(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			await host.join('Silent');
		`)
		require.Equal(w, failure{"ClosedError", 0, "the iteration was stopped"}, f)
	})
}

// rooms is a chat application that remembers what it was asked for. It answers joins as
// answer says, which may take its time; none if that is empty.
func rooms(asked *[]string, answer func(room string) string) http.Handler {
	return sockets(func(socket *websocket.Conn, text string) {
		room, isJoin := strings.CutPrefix(text, "/join ")
		switch {
		case !isJoin && !strings.HasPrefix(text, "Host-"):
			*asked = append(*asked, text)
		case !isJoin:
			reply(socket, "Using nickname")
		case room == "Room1":
			reply(socket, "Joined chat room")
		default:
			*asked = append(*asked, room)
			if text := answer(room); text != "" {
				reply(socket, text)
			}
		}
	})
}

const forbidden = `{"message": "Forbidden", "connectionId":"a", "requestId":"b"}`

// Joins go out in the order of the script's calls, one at a time, and what is sent after
// the first goes out after it. The connection is in the room of the last that succeeded.
func TestConnectionJoinsInOrder(t *testing.T) {
	t.Parallel()
	var asked []string
	answer := func(room string) string {
		time.Sleep(time.Second)
		if room == "Forbidden" {
			return forbidden
		}
		return "Joined chat room"
	}
	simulate(t, rooms(&asked, answer), func(w *world) {
		v := w.vu()
		result := v.run(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			const settled = [];
			const joins = ['A', 'B', 'C', 'Forbidden'].map(room => caught(() => host.join(room)).then(r => settled.push(room + (r.name ?? ''))));
			host.send('straight after');
			await Promise.all(joins);
			const room = host.room;
			const more = host.join('D');
			host.send('after D');
			await more;
			await host.close();
			return [room, host.room, settled.join()];
		`)
		require.Equal(w, []any{"C", "D", "A,B,C,ForbiddenGatewayError"}, result)
		require.Equal(w, []string{"A", "straight after", "B", "C", "Forbidden", "D", "after D"}, asked)
		require.InDelta(w, 5, v.sum("joined_success_counter"), 0)
	})
}

// An unanswered join() is withdrawn, so that those after it go out and get their own
// answers; each has its own time. Broadcasts are for the room that was joined.
func TestConnectionJoinsAfterOneThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	var asked []string
	answer := func(room string) string {
		return map[bool]string{true: "", false: "Joined chat room"}[strings.HasPrefix(room, "Silent")]
	}
	simulate(t, rooms(&asked, answer), func(w *world) {
		w.listeners(chatRoom("A"), 3)
		v := w.vu()
		result := v.run(`
			const host = await new apigw.Client('` + chatURL + `', { timeout: '4s' }).connect();
			const began = Date.now();
			const one = caught(() => host.join('Silent1'));
			const two = caught(() => host.join('Silent2'));
			const three = caught(() => host.join('A'));
			const results = [(await one).message, Date.now() - began, (await two).message, Date.now() - began, (await three).message, host.room];
			await host.join('A');
			const { expected } = await host.broadcast({ message: '{{stamp}}', settle: 10 });
			await host.close();
			return [...results, expected];
		`)
		require.Equal(w, []any{
			"the gateway did not answer within 4s", int64(4000), "the gateway did not answer within 4s", int64(8000), nil, "A", int64(3),
		}, result)
		require.Equal(w, []string{"Silent1", "Silent2", "A", "A"}, asked[:4])
	})
}

// Whoever asks for the same once more gets the answer, and not the one who gave up.
func TestConnectionAsksOnceMore(t *testing.T) {
	t.Parallel()
	var asked []string
	answer := func(string) string { return map[bool]string{true: "", false: "Joined chat room"}[len(asked) == 1] }
	simulate(t, rooms(&asked, answer), func(w *world) {
		result := w.vu().run(`
			const host = await new apigw.Client('` + chatURL + `', { timeout: '4s' }).connect();
			const results = [await caught(() => host.join('A')), await caught(() => host.join('A'))];
			await host.close();
			return [...results.map(r => r.name), host.room];
		`)
		require.Equal(w, []any{"TimeoutError", nil, "A"}, result)
	})
}

// A join() that waits for its turn ends with the iteration, and is never sent.
func TestConnectionThatIsStoppedBeforeItsTurn(t *testing.T) {
	t.Parallel()
	var asked []string
	simulate(t, rooms(&asked, func(string) string { return "" }), func(w *world) {
		v := w.vu()
		time.AfterFunc(time.Second, v.CancelContext)
		result := v.run(`
			const host = await new apigw.Client('` + chatURL + `').connect();
			const failures = await Promise.all(['A', 'B', 'C'].map(room => caught(() => host.join(room))));
			return failures.map(f => f.name + ': ' + f.message).join();
		`)
		const stopped = "ClosedError: the iteration was stopped"
		require.Equal(w, stopped+","+stopped+","+stopped, result)
		require.Equal(w, []string{"A"}, asked)
	})
}
