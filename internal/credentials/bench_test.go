package credentials

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What each connection costs in authorization, upgrade and first subscription: a key is the
// same for all, so that AppSync's client makes its object once; a signature has a date.
func BenchmarkConnection(b *testing.B) {
	token := Func(func(context.Context, int64) (Credentials, error) { return Token("jwt"), nil })
	keys := Func(func(context.Context, int64) (Credentials, error) { return realTimeIAM(ServiceAppSync), nil })
	for name, c := range map[string]Credentials{
		"api key": APIKey(goldenKey), "token function": token, "IAM": realTimeIAM(ServiceAppSync), "IAM function": keys,
	} {
		b.Run("AppSync/"+name, func(b *testing.B) {
			u := parseURL(b, "https://"+goldenHost+"/graphql")
			realtime := parseURL(b, "wss://realtime/graphql")
			api := &AppSync{Credentials: c, URL: u, ConnectPath: "connect", Host: goldenHost, Subprotocol: "graphql-ws"}
			b.ReportAllocs()
			for b.Loop() {
				a, err := api.ForConnection(b.Context(), 1)
				require.NoError(b, err)
				_, err = a.Connection(b.Context(), realtime)
				require.NoError(b, err)
				_, err = a.Frame(b.Context(), operation)
				require.NoError(b, err)
			}
		})
	}
	for name, a := range map[string]*APIGateway{
		"api key": {Credentials: APIKey("k")}, "IAM": {Credentials: realTimeIAM(ServiceAPIGateway)},
		"presigned": {Credentials: realTimeIAM(ServiceAPIGateway), InQuery: true},
	} {
		b.Run("API Gateway/"+name, func(b *testing.B) {
			u, header := parseURL(b, stageURL), http.Header{"User-Agent": {"k6"}}
			b.ReportAllocs()
			for b.Loop() {
				_, _, err := a.Connection(b.Context(), 1, u, header)
				require.NoError(b, err)
			}
		})
	}
}

// realTimeIAM signs with the time of day.
func realTimeIAM(service string) *IAM {
	iam := exampleIAM(service, "session")
	iam.now = time.Now
	return iam
}
