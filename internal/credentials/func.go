package credentials

import "context"

// Func returns the credentials of one connection, whose index it gets, or of one request that
// belongs to no connection, with NoConnection. A connection and all that is sent over it
// have the same credentials, so Bind calls it once for them.
type Func func(ctx context.Context, index int64) (Credentials, error)

// NoConnection is the index for a request that belongs to no connection.
const NoConnection int64 = -1

var _ Credentials = Func(nil)

// Authorize implements Credentials for requests that belong to no connection.
func (f Func) Authorize(ctx context.Context, request Request) ([]Field, error) {
	c, err := f(ctx, NoConnection)
	if err != nil {
		return nil, err
	}
	return c.Authorize(ctx, request)
}

// Constant implements Credentials: the next ones may be others.
func (Func) Constant() bool { return false }

// Bind returns the credentials of the connection with this index.
func Bind(ctx context.Context, c Credentials, index int64) (Credentials, error) {
	if f, ok := c.(Func); ok {
		return f(ctx, index)
	}
	return c, nil
}
