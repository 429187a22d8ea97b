package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// signed returns a request to the API with this body, signed by AWS's SDK.
func (f *fixture) signed(body string) *http.Request {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), http.MethodPost, f.server.URL+path, bytes.NewReader([]byte(body)))
	require.NoError(f, err)
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	sum := sha256.Sum256([]byte(body))
	require.NoError(f, v4.NewSigner().SignHTTP(f.Context(), aws.Credentials{
		AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey,
	}, r, hex.EncodeToString(sum[:]), "appsync", keys.Region, time.Now()))
	return r
}

// object is the authorization object with a signature of body.
func (f *fixture) object(body string) string {
	f.Helper()
	r := f.signed(body)
	fields := map[string]string{"host": r.Host, "content-length": fmt.Sprint(r.ContentLength)}
	for name := range r.Header {
		fields[name] = r.Header.Get(name)
	}
	object, err := json.Marshal(fields)
	require.NoError(f, err)
	return string(object)
}

// Signatures cover /event and what a message asks for, as it is written without spaces.
func TestSignatures(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := f.upgrade(nil, subprotocol, header(f.object(`{}`)))
	c.ask(`{"type":"connection_init"}`, `{"type":"connection_ack","connectionTimeoutMs":300000}`)
	const events = `["{\"a\":\"<1>\"}", "2"]`
	good := f.object(`{"channel":"default/a","events":["{\"a\":\"<1>\"}","2"]}`)
	for name, row := range map[string]struct{ text, want string }{
		"subscribe":    {`{"type":"subscribe","id":"1","channel":"default/a","authorization":` + f.object(`{"channel":"default/a"}`) + `}`, "subscribe_success"},
		"other":        {`{"type":"subscribe","id":"2","channel":"default/b","authorization":` + f.object(`{"channel":"default/a"}`) + `}`, "subscribe_error"},
		"publish":      {`{"type":"publish","id":"3","channel":"default/b","events":` + events + `,"authorization":` + good + `}`, "publish_error"},
		"other events": {`{"type":"publish","id":"4","channel":"default/a","events":["2"],"authorization":` + good + `}`, "publish_error"},
	} {
		c.send(row.text)
		require.Equal(t, row.want, gjson.Get(c.receive(), "type").Str, name)
	}
	other := f.dial()
	other.send(`{"type":"publish","id":"5","channel":"default/a","events":` + events + `,"authorization":` + good + `}`)
	require.Equal(t, "publish_success", gjson.Get(other.receive(), "type").Str)
	answer, err := http.DefaultClient.Do(f.signed(`{"channel":"default/a","events":["1"]}`))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	wrong := f.upgrade(nil, subprotocol, header(f.object(`{"channel":"default/a"}`)))
	require.Equal(t, "connection_error", gjson.Get(wrong.receive(), "type").Str)
}
