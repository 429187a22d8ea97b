package gateway

import (
	"os"

	"github.com/pushgw/xk6-pushgw/gateway/appsync"
	"github.com/pushgw/xk6-pushgw/gateway/graphql"
)

// LoadSchema reads an AppSync schema from a file; the blog's if there is no file.
func LoadSchema(file string) (*graphql.Schema, error) {
	if file == "" {
		return appsync.Blog(), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return graphql.Load(file, string(text))
}
