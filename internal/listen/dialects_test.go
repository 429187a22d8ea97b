package listen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// scripted is a gateway that answers texts by their beginning, and sends a
// broadcast to everybody who got the last answer.
type scripted struct {
	answers   [][2]string
	broadcast chan string // one for each listener
}

func (g *scripted) serve(t *testing.T) *wire.Target {
	t.Helper()
	return gateway(t, func(socket *websocket.Conn) {
		for step := 0; ; {
			_, text, err := socket.ReadMessage()
			if err != nil {
				return
			}
			if step < len(g.answers) && strings.HasPrefix(string(text), g.answers[step][0]) {
				_ = socket.WriteMessage(websocket.TextMessage, []byte(g.answers[step][1]))
				step++
			}
			if step == len(g.answers) {
				for frame := range g.broadcast {
					_ = socket.WriteMessage(websocket.TextMessage, []byte(frame))
				}
				step++
			}
		}
	})
}

func TestTheChatBehindAPIGateway(t *testing.T) {
	t.Parallel()
	g := &scripted{
		answers:   [][2]string{{"ann", "Using nickname: ann\nType /help"}, {"/join Room1", "Joined chat room Room1"}},
		broadcast: make(chan string),
	}
	to := g.serve(t)
	s := newScene(to)
	steps := apigw.ChatHandshake("ann", "Room1")
	s.Prepare = speaks(to, func() dialect.Session { return apigw.New(steps) })
	summary, stop := s.run(t, Plan{Connections: 1})
	s.ready(t, 1)
	account := s.audience.OpenSeries(0, 0)
	g.broadcast <- "host: " + account.Publish(time.Now()).String()
	g.broadcast <- `{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}`
	g.broadcast <- "host: hello"
	close(g.broadcast)
	s.saw(t, "received", 5)
	stop()
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Received: 1}, <-summary)
	assert.EqualValues(t, 1, account.Close().Received)
	assert.Equal(t, map[string]int{
		"connected": 1, "sent": 2, "received": 5, "answered": 2, "ready": 1, "delivered": 1,
		"counted nickname_counter": 1, "counted joined_success_counter": 1,
		"erred InternalServerError": 1, "closed 1000 by us": 1,
	}, s.told())
}

func TestASubscriptionToAppSync(t *testing.T) {
	t.Parallel()
	g := &scripted{
		answers: [][2]string{
			{`{"type":"connection_init"`, `{"type":"connection_ack","payload":{"connectionTimeoutMs":5400000}}`},
			{`{"id":"1","type":"start"`, `{"type":"start_ack","id":"1"}`},
		},
		broadcast: make(chan string),
	}
	to := g.serve(t)
	s := newScene(to)
	start := appsync.StartFrame(appsync.FirstID, `{"query":"subscription{a}"}`, []byte(`{"host":"h"}`))
	s.Prepare = speaks(to, func() dialect.Session { return appsync.New(start) })
	summary, _ := s.run(t, Plan{Connections: 1})
	s.ready(t, 1)
	account := s.audience.OpenSeries(0, 0)
	g.broadcast <- fmt.Sprintf(`{"id":"1","type":"data","payload":{"data":{"a":"%s"}}}`, account.Publish(time.Now()))
	g.broadcast <- `{"type":"ka"}`
	g.broadcast <- `{"id":"1","type":"error","payload":{"errors":[{"errorType":"LimitExceededError"}]}}`
	close(g.broadcast)
	s.saw(t, "received", 5)
	s.group.Tick(hours(1)) // within the hour and a half that the gateway may be silent
	s.group.Tick(hours(2))
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Received: 1}, <-summary)
	assert.EqualValues(t, 1, account.Close().Received)
	told := s.told()
	assert.Equal(t, 1, told["erred Silence"])
	assert.Equal(t, 1, told["counted subscribed_success_counter"])
	assert.Equal(t, 2, told["sent"])
	assert.Equal(t, 1, told["delivered"])
	assert.Equal(t, 1, told["closed 1001 by us"])
}
