package appsync

import (
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
)

// What the other kind of AppSync's APIs has in common with this one; see package events.

// Answer answers an HTTP request with JSON.
func Answer(w http.ResponseWriter, status int, v any) { answerJSON(w, status, v) }

// AnswerProblem answers an HTTP request that is refused.
func AnswerProblem(w http.ResponseWriter, status int, p auth.Problem) { answerProblem(w, status, p) }

// Refusal returns the error for a status that a fault demands.
func Refusal(status int) auth.Problem { return refusal(status) }
