package pushgw

import "testing"

// What can't be a header, or is the protocol's to set, is told where it is given.
func TestHeadersThatCannotBeSent(t *testing.T) {
	t.Parallel()
	const malformed = `can't be the name of a header`
	own := func(name string) string { return `must not have "` + name + `" in it, which the protocol sets itself` }
	messages := map[string]string{
		`{ '': 'a' }`:                        `has "" in it, which ` + malformed,
		`{ 'a b': 'a' }`:                     `has "a b" in it, which ` + malformed,
		`{ 'a:': 'a' }`:                      `has "a:" in it, which ` + malformed,
		`{ 'ü': 'a' }`:                       `has "ü" in it, which ` + malformed,
		"{ a: 'secret\\r\\nb: c' }":          `has a value for "a" that can't be a header's`,
		"{ a: 'secret\\u0000' }":             `has a value for "a" that can't be a header's`,
		`{ 'Sec-WebSocket-Key': 'a' }`:       own("Sec-WebSocket-Key"),
		`{ 'sec-websocket-protocol': 'a' }`:  own("sec-websocket-protocol"),
		`{ 'SEC-WEBSOCKET-EXTENSIONS': '' }`: own("SEC-WEBSOCKET-EXTENSIONS"),
		`{ connection: 'a' }`:                own("connection"),
		`{ Upgrade: 'a' }`:                   own("Upgrade"),
		`{ 'content-length': '1' }`:          own("content-length"),
		`{ 'Transfer-Encoding': 'chunked' }`: own("Transfer-Encoding"),
		`{ Trailer: 'a' }`:                   own("Trailer"),
	}
	gateway, api := make(map[string]string), make(map[string]string)
	for headers, message := range messages {
		gateway[headers+` }`] = `new apigw.Client(): option "headers" ` + message
		api[headers+` }`] = `new appsync.Client(): option "headers" ` + message
	}
	requireThrows(t, `new apigw.Client('`+chatURL+`', { headers: `, gateway)
	requireThrows(t, `new appsync.Client('`+graphqlURL+`', { auth: { apiKey: 'k' }, headers: `, api)
}
