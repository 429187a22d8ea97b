package gateway_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestErrorFramesAndIDsHaveAWSsShape(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	s.do(http.MethodPost, "/faults", `{"errors": 1}`)
	c := s.chat("host", "Room1")
	c.send("hello")
	frame := c.receive()
	const id = `[A-Za-z0-9_-]{15}=`
	require.Regexp(t, regexp.MustCompile(
		`^\{"message": "Internal server error", "connectionId":"`+id+`", "requestId":"`+id+`"\}$`), frame)
	decoded, err := base64.URLEncoding.DecodeString(gjson.Get(frame, "connectionId").Str)
	require.NoError(t, err)
	require.Len(t, decoded, 11)
	s.eventually("counted", func(s gateway.Stats) bool { return s.APIGateway.Errors == 1 })
}

func TestConnectionsAPI(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	c := s.chat("host", "Room1")
	id := c.connectionID()
	path := connectionPath(id)

	status, _, body := s.do(http.MethodPost, path, "from outside")
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, body)
	require.Equal(t, "from outside", c.receive())
	status, _, _ = s.do(http.MethodPost, "/dev/%40connections/"+url.PathEscape(id), "again")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "again", c.receive())

	status, _, body = s.do(http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, status)
	const moment = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`
	require.Regexp(t, moment, gjson.Get(body, "connectedAt").Str)
	require.Regexp(t, moment, gjson.Get(body, "lastActiveAt").Str)
	require.Equal(t, "127.0.0.1", gjson.Get(body, "identity.sourceIp").Str)

	status, _, _ = s.do(http.MethodDelete, path, "")
	require.Equal(t, http.StatusNoContent, status)
	code, reason := c.ended()
	require.Equal(t, websocket.CloseNormalClosure, code)
	require.Equal(t, "Connection Closed Normally", reason)
	s.eventually("closed", func(s gateway.Stats) bool { return s.APIGateway.Open == 0 && s.APIGateway.Ready == 0 })
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		status, headers, body := s.do(method, path, "")
		require.Equal(t, http.StatusGone, status)
		require.Empty(t, body)
		require.Equal(t, "GoneException", headers.Get("x-amzn-ErrorType"))
	}
}

func TestConnectionsAPIRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	open := connectionPath(s.chat("host", "Room1").connectionID())
	tooLong := strings.Repeat("x", 128<<10+1)
	for name, row := range map[string]struct {
		method, path, body string
		status             int
	}{
		"no id":             {http.MethodPost, "/dev/@connections/", "", http.StatusBadRequest},
		"too short":         {http.MethodPost, "/dev/@connections/L0SM9cOFvHcC", "", http.StatusBadRequest},
		"no base64":         {http.MethodGet, "/dev/@connections/!!!!!!!!!!!!!!!%3D", "", http.StatusBadRequest},
		"unknown":           {http.MethodPost, "/dev/@connections/L0SM9cOFvHcCIhw%3D", "", http.StatusGone},
		"unknown, raw":      {http.MethodPost, "/dev/@connections/L0SM9cOFvHcCIhw=", "", http.StatusGone},
		"too large":         {http.MethodPost, open, tooLong, http.StatusRequestEntityTooLarge},
		"too large, stamp":  {http.MethodPost, open, stamped(1) + tooLong, http.StatusRequestEntityTooLarge},
		"just small enough": {http.MethodPost, open, tooLong[1:], http.StatusOK},
		"put":               {http.MethodPut, open, "", http.StatusForbidden},
		"elsewhere":         {http.MethodPost, "/dev/elsewhere", "", http.StatusForbidden},
		"no stage":          {http.MethodGet, "/", "", http.StatusForbidden},
		"no upgrade":        {http.MethodGet, "/dev", "", http.StatusUpgradeRequired},
	} {
		t.Run(name, func(t *testing.T) {
			status, headers, body := s.do(row.method, row.path, row.body)
			require.Equal(t, row.status, status, body)
			if status == http.StatusBadRequest {
				require.Equal(t, "BadRequestException", headers.Get("x-amzn-ErrorType"))
				require.Contains(t, body, "Invalid connectionId: ")
			}
		})
	}
}

// Posts with the same stamp to several connections are one broadcast.
func TestStampedPostsAreABroadcast(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	text := stamped(1)
	for _, c := range []*client{s.chat("a", "R"), s.chat("b", "S"), s.chat("c", "T")} {
		path := connectionPath(c.connectionID())
		status, _, _ := s.do(http.MethodPost, path, text)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, text, c.receive())
	}
	side := s.stats().APIGateway
	require.EqualValues(t, 1, side.Totals.Broadcasts)
	require.Len(t, side.Broadcasts, 1)
	require.EqualValues(t, 3, side.Broadcasts[0].Audience)
	require.EqualValues(t, 3, side.Broadcasts[0].Delivered)
}

// The stage takes a slash at its end. Everything else is forbidden, as a typo on AWS is.
func TestOnlyTheStageIsServed(t *testing.T) {
	t.Parallel()
	for configured, stage := range map[string]string{"": "dev", "prod": "prod"} {
		s := start(t, gateway.Config{Stage: configured})
		for _, path := range []string{"/" + stage, "/" + stage + "/", "/" + stage + "?token=1"} {
			c := s.dial(path, nil, "anything")
			require.Empty(t, c.Subprotocol(), "the integration has chosen none")
			c.send("me")
			require.Contains(t, c.receive(), "Using nickname: me")
		}
		for _, path := range []string{"/", "/other", "/dev/prod", "/$default", "/" + stage + "x", "/grahpql", "/graphql/"} {
			require.Equal(t, http.StatusForbidden, s.upgrade(path), path)
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				status, headers, body := s.do(method, path, "")
				require.Equal(t, http.StatusForbidden, status, path)
				require.JSONEq(t, `{"message":"Forbidden"}`, body)
				require.Equal(t, "ForbiddenException", headers.Get("x-amzn-ErrorType"))
				require.Len(t, headers.Get("x-amzn-RequestId"), 16)
			}
		}
		status, _, _ := s.do(http.MethodPost, "/"+stage, "")
		require.Equal(t, http.StatusForbidden, status)
		status, _, _ = s.do(http.MethodPost, "/"+stage+"/@connections/L0SM9cOFvHcCIhw%3D", "")
		require.Equal(t, http.StatusGone, status)
	}
}

func TestLimitsOfAConnection(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})

	long := s.chat("long", "R")
	long.send(strings.Repeat("x", 128<<10-len("long: ")))
	require.Len(t, long.receive(), 128<<10)
	// The text is short enough, but not with the name before it.
	long.send(strings.Repeat("x", 128<<10))
	require.Contains(t, long.receive(), `{"message": "Internal server error", `)
	_ = long.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 1<<20))) // it may be cut off
	code, _ := long.ended()
	require.Equal(t, websocket.CloseMessageTooBig, code)

	// A message may be that long, but not one frame of it.
	whole := s.chatWith("whole", "R", websocket.Dialer{WriteBufferSize: 128 << 10})
	whole.send(strings.Repeat("x", 32<<10))
	require.Len(t, whole.receive(), 32<<10+len("whole: "))
	whole.send(strings.Repeat("x", 32<<10+1))
	code, _ = whole.ended()
	require.Equal(t, websocket.CloseMessageTooBig, code)

	invalid := s.chat("invalid", "R")
	invalid.send("\xff")
	code, _ = invalid.ended()
	require.Equal(t, websocket.CloseInvalidFramePayloadData, code)

	binary := s.chat("binary", "R")
	require.NoError(t, binary.WriteMessage(websocket.BinaryMessage, []byte("hello")))
	code, _ = binary.ended()
	require.Equal(t, websocket.CloseUnsupportedData, code)

	s.eventually("closed", func(s gateway.Stats) bool { return s.APIGateway.Open == 0 && s.APIGateway.Ready == 0 })
}

func TestIdleAndOldConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]gateway.Config{
		"idle": {IdleTimeout: 50 * time.Millisecond},
		"old":  {Lifetime: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, config)
			code, reason := s.dial("/dev", nil).ended()
			require.Equal(t, websocket.CloseGoingAway, code)
			require.Equal(t, "Going away", reason)
		})
	}
}

func TestClosingTheGatewayClosesConnections(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	clients := []*client{s.chat("host", "R"), s.dial("/dev", nil), s.realtime(), s.subscribed(onCreateRoom, nil)}
	closed := make(chan struct{})
	go func() { s.gateway.Close(); close(closed) }()
	for _, c := range clients {
		code, reason := c.ended()
		require.Equal(t, websocket.CloseGoingAway, code)
		require.Equal(t, "Going away", reason)
	}
	<-closed
}

func TestPingsAreAnsweredDuringABroadcast(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{PostTime: time.Hour})
	c := s.chat("host", "R")
	c.send("this takes an hour")
	pong := make(chan string, 1)
	c.SetPongHandler(func(payload string) error { pong <- payload; return nil })
	go func() { _, _, _ = c.ReadMessage() }()
	require.NoError(t, c.WriteControl(websocket.PingMessage, []byte("?"), time.Now().Add(timeout)))
	require.Equal(t, "?", <-pong)
}

func TestMessagesOfAConnectionAreHandledInOrder(t *testing.T) {
	t.Parallel()
	const messages = 500
	s := start(t, gateway.Config{Fanout: 4})
	c := s.chat("host", "R")
	for i := range messages {
		c.send(strconv.Itoa(i))
	}
	for i := range messages {
		require.Equal(t, "host: "+strconv.Itoa(i), c.receive())
	}
}

// Compression is negotiated only if the gateway is told so.
func TestCompression(t *testing.T) {
	t.Parallel()
	for _, compression := range []bool{false, true} {
		s := start(t, gateway.Config{Compression: compression})
		dialer := websocket.Dialer{EnableCompression: true}
		conn, answer, err := dialer.DialContext(t.Context(), "ws://"+s.host()+"/dev", nil)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		t.Cleanup(func() { _ = conn.Close() })
		require.Equal(t, compression, strings.HasPrefix(answer.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate"))
		c := &client{conn, s}
		c.send("me")
		require.Contains(t, c.receive(), "Using nickname: me")
	}
}

// Texts of one connection may overtake each other if the gateway is told so: the second is
// answered while the first is still being broadcast.
func TestConcurrentTexts(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{Concurrent: true, PostTime: time.Hour})
	c := s.chat("host", "R")
	c.send("this takes an hour")
	c.send("/room")
	require.Equal(t, "R", c.receive())
}
