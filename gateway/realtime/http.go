package realtime

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// Answer answers an HTTP request with JSON.
func Answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("x-amzn-RequestId", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(jsontext.Encode(v)) // if it fails, the client has left
}

// Problems is what says in HTTP bodies, and in GraphQL's frames, what is wrong.
type Problems struct {
	Errors []auth.Problem `json:"errors"`
}

// AnswerProblem answers an HTTP request that is refused.
func AnswerProblem(w http.ResponseWriter, status int, p auth.Problem) {
	w.Header().Set("x-amzn-ErrorType", p.Type)
	p.Code = 0 // over HTTP the code is the response's status
	Answer(w, status, Problems{[]auth.Problem{p}})
}

// Refusal returns AppSync's error for a status that a fault or a limit demands.
func Refusal(status int) auth.Problem {
	switch status {
	case http.StatusForbidden:
		return auth.Problem{Type: "AccessDeniedException", Message: "Forbidden"}
	case http.StatusTooManyRequests:
		return auth.Problem{Type: "TooManyRequestsException", Message: "Rate exceeded"}
	default:
		return auth.Problem{Type: "InternalFailure", Message: "Internal Failure"}
	}
}
