package appsync

import (
	"io"
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
)

// maxBody is the length in bytes that a request may have. AppSync documents 5 MB
// as the limit of a resolver's data.
const maxBody = 5 << 20

// serveGraphQL answers a GraphQL request over HTTP.
func (g *Gateway) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if p := g.config.Access.CheckRequest(r, body); p != nil {
		realtime.AnswerProblem(w, p.Code, *p)
		return
	}
	if err != nil {
		realtime.AnswerProblem(w, http.StatusBadRequest, problem{Type: malformed, Message: "Unable to read the request body."})
		return
	}
	if g.requests != nil && !g.requests.Allow() {
		realtime.AnswerProblem(w, http.StatusTooManyRequests, realtime.Refusal(http.StatusTooManyRequests))
		return
	}
	if len(body) == 0 {
		realtime.AnswerProblem(w, http.StatusBadRequest, problem{Type: malformed, Message: "Request body is empty."})
		return
	}
	q, err := graphql.Read(body)
	if err != nil || q.Query == "" {
		realtime.AnswerProblem(w, http.StatusBadRequest, problem{Type: malformed, Message: "Unable to parse GraphQL query."})
		return
	}
	realtime.Answer(w, http.StatusOK, g.execute(q))
}

// execute answers a query or a mutation.
func (g *Gateway) execute(q graphql.Request) graphql.Response {
	operation, wrong := g.schema.Prepare(q)
	if wrong != nil {
		return graphql.Response{Errors: wrong}
	}
	return operation.Execute(g.publish)
}

const malformed = "MalformedHttpRequestException"
