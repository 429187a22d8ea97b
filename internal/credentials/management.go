package credentials

import (
	"context"
	"net/http"
)

// Manage signs a request of the API Gateway Management API, whose header is given, if there
// are keys to sign with. Whatever else lets connections in means nothing there: it asks for
// IAM only. See "Use @connections commands in your backend service" in API Gateway's
// developer guide.
//
// The signature covers the path escaped once more than it is sent, "%3D" as "%253D".
func (a *APIGateway) Manage(ctx context.Context, request Request, header http.Header) error {
	if a == nil {
		return nil
	}
	keys, ok := a.Credentials.(*IAM)
	if !ok {
		return nil
	}
	fields, err := keys.Authorize(ctx, request)
	setHeader(header, fields)
	return err
}
