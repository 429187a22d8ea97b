package apigw

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// manage serves @connections, the API Gateway Management API. Unlike AWS it
// needs no signature, unless the gateway knows a key.
func (g *Gateway) manage(w http.ResponseWriter, r *http.Request, id string) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	if err != nil {
		refuse(w, http.StatusBadRequest)
		return
	}
	if len(data) > maxMessage {
		answer(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Message too long")
		return
	}
	if wrong := g.authorizeManager(r, data); wrong != nil {
		answer(w, http.StatusForbidden, wrong.Type, wrong.Message)
		return
	}
	if !wellFormed(id) {
		answer(w, http.StatusBadRequest, "BadRequestException", "Invalid connectionId: "+id)
		return
	}
	c, ok := g.lookup(id)
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodDelete:
		refuse(w, http.StatusForbidden)
	case !ok:
		gone(w)
	case r.Method == http.MethodPost:
		g.post(w, data, id)
	case r.Method == http.MethodGet:
		describe(w, c)
	default:
		g.forget(id) // at once, because the client may be gone before its connection is read to its end
		c.Close(websocket.CloseNormalClosure, "Connection Closed Normally")
		identify(w)
		w.WriteHeader(http.StatusNoContent)
	}
}

// post is PostToConnection. Data with a stamp belongs to a broadcast that its
// sender makes by one post to each listener, so each adds one to its audience.
func (g *Gateway) post(w http.ResponseWriter, data []byte, id string) {
	var err error
	if _, _, _, ours := stamp.Next(data); ours {
		var post func(string) error
		if post, err = g.Broadcast("", data, 1); err == nil {
			err = post(id)
		}
	} else {
		err = g.Post(id, data)
	}
	switch {
	case errors.Is(err, ErrLimitExceeded):
		answer(w, http.StatusTooManyRequests, "LimitExceededException", "Too Many Requests")
	case errors.Is(err, ErrGone):
		gone(w)
	default:
		identify(w)
	}
}

// describe is GetConnection.
func describe(w http.ResponseWriter, c *connection) {
	type identity struct {
		SourceIP  string `json:"sourceIp"`
		UserAgent string `json:"userAgent,omitempty"`
	}
	const iso = "2006-01-02T15:04:05.000Z"
	source, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		source = c.RemoteAddr().String()
	}
	writeJSON(w, http.StatusOK, struct {
		ConnectedAt  string   `json:"connectedAt"`
		Identity     identity `json:"identity"`
		LastActiveAt string   `json:"lastActiveAt"`
	}{
		ConnectedAt:  c.Opened.UTC().Format(iso),
		Identity:     identity{source, c.agent.Value()},
		LastActiveAt: c.LastActive().UTC().Format(iso),
	})
}

// gone answers that a connection has been closed. The body is empty on AWS, too.
func gone(w http.ResponseWriter) {
	identify(w)
	w.Header().Set("x-amzn-ErrorType", "GoneException")
	w.WriteHeader(http.StatusGone)
}

// answer answers with an error in API Gateway's words.
func answer(w http.ResponseWriter, status int, kind, message string) {
	if kind != "" {
		w.Header().Set("x-amzn-ErrorType", kind)
	}
	writeJSON(w, status, struct {
		Message string `json:"message"`
	}{message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	identify(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // if it fails, the client has left
}

// identify gives an answer the id by which AWS's support finds its request.
func identify(w http.ResponseWriter) { w.Header().Set("x-amzn-RequestId", newID()) }
