// Package appsync is the dialect of AppSync's GraphQL subscriptions: the
// WebSocket subprotocol graphql-ws as AppSync speaks it. See "Building a
// real-time WebSocket client" in AppSync's developer guide.
package appsync

// Dialect is what all connections of one client have in common, written once.
type Dialect struct {
	auth  []byte // the authorization object
	start []byte // the frame of the handshake's subscription; nil without one
}

// firstID is the id of the first subscription on every connection: ids have to
// be unique on one connection only, so the frame can be shared by all of them.
const firstID = "1"

// New returns the dialect of a client. Subscription is what each connection
// subscribes to as part of its handshake; it may be nil.
func New(auth Auth, subscription *Operation) (*Dialect, error) {
	d := &Dialect{auth: auth.JSON()}
	if subscription == nil {
		return d, nil
	}
	var err error
	d.start, err = d.startFrame(firstID, *subscription)
	return d, err
}

// Session returns the session of a new connection.
func (d *Dialect) Session() *Session {
	return &Session{dialect: d}
}

// startFrame returns the frame that starts a subscription. The operation is a
// string in it: the text that a signature would cover.
func (d *Dialect) startFrame(id string, op Operation) ([]byte, error) {
	data, err := op.Data()
	if err != nil {
		return nil, err
	}
	b := appendString([]byte(`{"id":`), id)
	b = appendString(append(b, `,"type":"start","payload":{"data":`...), data)
	b = append(append(b, `,"extensions":{"authorization":`...), d.auth...)
	return append(b, `}}}`...), nil
}

func stopFrame(id string) []byte {
	b := appendString([]byte(`{"id":`), id)
	return append(b, `,"type":"stop"}`...)
}
