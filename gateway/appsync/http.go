package appsync

import (
	"io"
	"net/http"

	"github.com/google/uuid"
	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// maxBody is the length in bytes that a request may have. AppSync documents 5 MB
// as the limit of a resolver's data.
const maxBody = 5 << 20

// serveGraphQL answers a GraphQL request over HTTP.
func (g *Gateway) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if p := g.config.Access.CheckRequest(r, body); p != nil {
		answerProblem(w, p.Code, *p)
		return
	}
	if err != nil {
		answerProblem(w, http.StatusBadRequest, problem{Type: malformed, Message: "Unable to read the request body."})
		return
	}
	if g.requests != nil && !g.requests.Allow() {
		answerProblem(w, http.StatusTooManyRequests, refusal(http.StatusTooManyRequests))
		return
	}
	if len(body) == 0 {
		answerProblem(w, http.StatusBadRequest, problem{Type: malformed, Message: "Request body is empty."})
		return
	}
	q, err := graphql.Read(body)
	if err != nil || q.Query == "" {
		answerProblem(w, http.StatusBadRequest, problem{Type: malformed, Message: "Unable to parse GraphQL query."})
		return
	}
	answerJSON(w, http.StatusOK, g.execute(q))
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

// answerProblem answers a request that is refused.
func answerProblem(w http.ResponseWriter, status int, p problem) {
	w.Header().Set("x-amzn-ErrorType", p.Type)
	p.Code = 0 // over HTTP the code is the response's status
	answerJSON(w, status, problems{[]problem{p}})
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("x-amzn-RequestId", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(jsontext.Encode(v)) // if it fails, the client has left
}
