package credentials

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

func eventsWithIAM(t *testing.T, form Form) *AppSync {
	t.Helper()
	return &AppSync{
		Credentials: exampleIAM(ServiceAppSync, ""), URL: parseURL(t, "https://"+goldenHost+"/event"), Host: goldenHost,
		Subprotocol: "aws-appsync-event-ws", Form: form,
	}
}

// The signatures are by AWS's JavaScript signer, over the same path for all that is asked for.
func TestIAMOnEvents(t *testing.T) {
	t.Parallel()
	a := eventsWithIAM(t, FormSubprotocol)
	upgrade := connect(t, a, "wss://realtime/event/realtime")
	assert.Equal(t, "wss://realtime/event/realtime", upgrade.URL.String())
	assert.Equal(t, "aws-appsync-event-ws", upgrade.Subprotocols[0])
	assert.Equal(t, signedObject("9c72be3b91805757dc94ea3078afe53275bf311bd4b010d7140476f9651acc82"), offered(t, upgrade))
	for body, signature := range map[string]string{
		SubscribeBody("/default/a"):                    "5c6f73f4468456d2eacc04e88c581bff44bfaf44f5fd3c52ef6c7cfd6ebf730c",
		PublishBody("/default/a", []string{`{"n":1}`}): "157ab732479ba3feec538051f233981c7a7c75b6af2cc502f0ced36cd7cd7337",
	} {
		object, err := a.Frame(t.Context(), body)
		require.NoError(t, err)
		assert.Equal(t, signedObject(signature), string(object), body)
	}
}

// Everything that a signature covers is in the upgrade's header, as a POST that isn't sent
// would have it.
func TestIAMOnEventsByHeaders(t *testing.T) {
	t.Parallel()
	header := connect(t, eventsWithIAM(t, FormHeaders), "wss://realtime/event/realtime").Header(http.Header{})
	assert.Equal(t, goldenHost, header.Get("Host"))
	r := &http.Request{Method: http.MethodPost, Host: goldenHost, URL: parseURL(t, "/event"), Header: header.Clone()}
	r.Header.Del("Host")
	require.NoError(t, exampleKeys.Verify("appsync", sigv4.FromHTTP(r, []byte("{}")), exampleTime))
}

// A publish over HTTP is signed with what it is sent with.
func TestIAMOnEventsOverHTTP(t *testing.T) {
	t.Parallel()
	body := []byte(PublishBody("default/a", []string{"1"}))
	header := http.Header{"Content-Type": {"application/json"}}
	require.NoError(t, eventsWithIAM(t, FormSubprotocol).Request(t.Context(), header, body))
	r := &http.Request{Method: http.MethodPost, Host: goldenHost, URL: parseURL(t, "/event"), Header: header}
	require.NoError(t, exampleKeys.Verify("appsync", sigv4.FromHTTP(r, body), exampleTime))
}

// AppSync writes the text anew, so nothing is escaped that JSON.stringify wouldn't escape.
func TestEventsBodies(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `{"channel":"/default/a/*"}`, SubscribeBody("/default/a/*"))
	assert.Equal(t, `{"channel":"a","events":[]}`, PublishBody("a", nil))
	assert.Equal(t, `{"channel":"a/b","events":["1","{\"t\":\"<&>`+"\u2028"+`é\\n\"}"]}`,
		PublishBody("a/b", []string{"1", `{"t":"<&>` + "\u2028" + `é\n"}`}))
}
