package events

import (
	"io"
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/tidwall/gjson"
)

// serveHTTP answers a request to publish (publish-http.html). There is nothing else to do
// over HTTP.
func (g *Gateway) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != path || r.Method != http.MethodPost {
		realtime.AnswerProblem(w, http.StatusNotFound, auth.Problem{Type: "UnknownOperationException", Message: "Not Found"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if p := g.config.Access.CheckRequest(r, body); p != nil {
		realtime.AnswerProblem(w, p.Code, *p)
		return
	}
	if err != nil || !gjson.ValidBytes(body) {
		realtime.AnswerProblem(w, http.StatusBadRequest, auth.Problem{Type: badRequest, Message: "Unable to parse the request body."})
		return
	}
	m := gjson.ParseBytes(body)
	done, wrong := g.publishAll(m.Get("channel"), m.Get("events"))
	if wrong != nil {
		realtime.AnswerProblem(w, wrong.overHTTP.Code, wrong.overHTTP)
		return
	}
	realtime.Answer(w, http.StatusOK, done)
}
