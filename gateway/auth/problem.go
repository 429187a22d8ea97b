package auth

import "net/http"

// Problem is an error in AppSync's words, in an HTTP body or in a frame.
type Problem struct {
	Type    string `json:"errorType,omitempty"`
	Message string `json:"message,omitempty"`
	Code    int    `json:"errorCode,omitempty"`
}

var unauthorized = Problem{
	Type: "UnauthorizedException", Message: "You are not authorized to make this call.",
	Code: http.StatusUnauthorized,
}

// inRealTime returns a problem as a connection has it, where what is wrong with a signature
// has another type than over HTTP.
func (p *Problem) inRealTime() *Problem {
	if p == nil || p.Code != http.StatusForbidden {
		return p
	}
	if p.Type == "UnrecognizedClientException" {
		return &unauthorized
	}
	return &Problem{Type: "BadRequestException", Message: p.Message, Code: http.StatusBadRequest}
}
