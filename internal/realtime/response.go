package realtime

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// maxDepth is how deep a response may be nested. AppSync's own are a handful deep.
const maxDepth = 100

// ParseResponse returns the JSON in the body of a response over HTTP, or what is wrong with it.
func ParseResponse(body []byte) (gjson.Result, *dialect.Error) {
	switch {
	case jsonscan.DeeperThan(body, maxDepth):
		return gjson.Result{}, &dialect.Error{Name: Other, Message: fmt.Sprintf("JSON nested more than %d deep", maxDepth)}
	case !gjson.ValidBytes(body):
		return gjson.Result{}, &dialect.Error{Name: Other, Message: "what came is not JSON: " + Cut(string(body))}
	default:
		return gjson.ParseBytes(body), nil
	}
}

// Foreign returns the error of a response that isn't AppSync's: what it says in its own
// words, as a proxy's does, or otherwise.
func Foreign(response gjson.Result, otherwise string) *dialect.Error {
	for _, own := range response.Get("[message,Message,error]").Array() {
		if own.Str != "" {
			return &dialect.Error{Name: Other, Message: Cut(own.Str)}
		}
	}
	return &dialect.Error{Name: Other, Message: otherwise}
}
