package credentials

import "context"

// APIKey is AppSync's API key, "da2-" and 26 characters. See "API_KEY authorization"
// in AppSync's developer guide.
type APIKey string

var _ Credentials = APIKey("")

// Authorize implements Credentials.
func (k APIKey) Authorize(context.Context, Request) ([]Field, error) {
	return []Field{{Name: "x-api-key", Value: string(k)}}, nil
}

// Constant implements Credentials: a key is the same for every request.
func (APIKey) Constant() bool { return true }
