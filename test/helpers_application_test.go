package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"
)

// application is an application that talks JSON, behind a gateway that knows as much of
// API Gateway as it needs: connection ids, and @connections.
type application struct {
	mu      sync.Mutex
	sockets map[string]*websocket.Conn // by connection id
	opened  int
}

// serveApplication serves one until the test ends, and returns its WebSocket URL.
func serveApplication(t *testing.T) string {
	t.Helper()
	a := &application{sockets: make(map[string]*websocket.Conn)}
	mux := http.NewServeMux()
	mux.HandleFunc("/prod", a.connect)
	mux.HandleFunc("/prod/@connections/{id}", a.manage)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/prod"
}

// connect answers what a connection says, after an event that nobody has asked for.
func (a *application) connect(w http.ResponseWriter, r *http.Request) {
	socket, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = socket.Close() }()
	a.mu.Lock()
	a.opened++
	id := fmt.Sprintf("L0SM9cOFvHc%04d=", a.opened)
	a.sockets[id] = socket
	a.mu.Unlock()
	a.send(socket, `{"event":"presence","online":5}`)
	for {
		_, text, err := socket.ReadMessage()
		if err != nil {
			break
		}
		a.answer(socket, id, text)
	}
	a.forget(id)
}

// forget has @connections know no connection of this id any longer.
func (a *application) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sockets, id)
}

func (a *application) answer(socket *websocket.Conn, id string, text []byte) {
	switch action := gjson.GetBytes(text, "action").Str; action {
	case "whoami":
		a.send(socket, `{"you":{"connectionId":"`+id+`"},"type":"identity"}`)
	case "subscribe":
		a.send(socket, `{"at":1,"type":"subscribed"}`)
	case "silence":
	default:
		a.send(socket, `{"type":"error","reason":"no such action"}`)
	}
}

func (a *application) send(socket *websocket.Conn, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = socket.WriteMessage(websocket.TextMessage, []byte(text))
}

// manage is @connections.
func (a *application) manage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	a.mu.Lock()
	socket := a.sockets[id]
	a.mu.Unlock()
	if socket == nil {
		w.WriteHeader(http.StatusGone)
		return
	}
	switch r.Method {
	case http.MethodPost:
		data, _ := io.ReadAll(r.Body)
		a.send(socket, string(data))
	case http.MethodGet:
		_, _ = io.WriteString(w, `{"connectedAt":"2025-02-03T01:46:33.523Z","identity":{"sourceIp":"127.0.0.1"},"lastActiveAt":"2025-02-03T01:46:34.000Z"}`)
	case http.MethodDelete:
		a.forget(id)
		_ = socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "Connection Closed Normally"), time.Now().Add(timeout))
		w.WriteHeader(http.StatusNoContent)
	}
}
