package pushgw

import (
	"testing"

	"github.com/gorilla/websocket"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

const readyClient = `new apigw.Client('` + chatURL + `')`

// simulateCanaries runs f in a world whose chat hands on what is broadcast.
func simulateCanaries(t *testing.T, f func(w *world, heard func(f func(text string)))) {
	t.Helper()
	var said func(text string)
	simulate(t, chat(func(_ *websocket.Conn, text string) { said(text) }), func(w *world) {
		f(w, func(f func(text string)) { said = f })
	})
}

// fail enters listeners that failed into the audience.
func (w *world) fail(audience ledger.Name, n int, cause error) {
	for range n {
		w.enter(audience).Fail(cause)
	}
}
