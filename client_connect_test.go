package pushgw

import (
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// A script's connection has the nickname and the room that connect() is given, else one
// of its own and the client's.
func TestConnectShakesHands(t *testing.T) {
	t.Parallel()
	for options, want := range map[string][]any{
		``:                        {"Host-1", "Lobby", "Host-2"},
		`{}`:                      {"Host-1", "Lobby", "Host-2"},
		`{ nickname: 'Host-Me' }`: {"Host-Me", "Lobby", "Host-Me"},
		`{ room: 'Other' }`:       {"Host-1", "Other", "Host-2"},
		`{ room: '' }`:            {"Host-1", "", "Host-2"},
	} {
		simulate(t, chat(func(*websocket.Conn, string) {}), func(w *world) {
			v := w.vu()
			require.Equal(w, want, v.run(`
				const client = new apigw.Client('`+chatURL+`', { room: 'Lobby', nickname: 'Listener-' });
				const one = await client.connect(`+options+`);
				const two = await client.connect(`+options+`);
				await one.close();
				await two.close();
				return [one.nickname, one.room, two.nickname];
			`), options)
		})
	}
}

func TestConnectChecksItsOptions(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client('`+chatURL+`').connect(`, map[string]string{
		`{ nickname: 5 }`: `connect(): option "nickname" must be a string, not a number`,
		`{ room: 'a b' }`: `connect(): option "room" must be one word, as the chat application takes it, not "a b"`,
		`{ index: -1 }`:   `connect(): option "index" must be a number not below 0, not -1`,
		`{ name: 'a' }`:   `connect(): unknown option "name"; known are nickname, room, index`,
		`'Room1'`:         `connect(): options must be an object, not a string`,
	})
	requireThrows(t, appSyncClient+`.connect(`, map[string]string{
		`{ room: 'a' }`: `connect(): unknown option "room"; known are index`,
	})
}
