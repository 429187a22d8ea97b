package pushgw

import "github.com/pushgw/xk6-pushgw/gateway"

const eventURL = "http://gateway.test/event"

// eventsClient makes a client that subscribes and publishes.
const eventsClient = `new events.Client('` + eventURL + `', { auth: { apiKey: '` + gateway.APIKey + `' }, channel: 'default/rooms/Room1' })`
