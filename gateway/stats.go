package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Stats is the answer to GET /stats.
type Stats struct {
	APIGateway Side `json:"apigw"`
	AppSync    Side `json:"appsync"`
	Events     Side `json:"events"`
}

// Side is what one of the gateways has counted.
type Side struct {
	Open        int   `json:"open"`         // connections, now
	Ready       int   `json:"ready"`        // connections in a room or with a subscription, now
	Accepted    int64 `json:"accepted"`     // connections
	Refused     int64 `json:"refused"`      // connections, with a status or a connection_error
	FramesIn    int64 `json:"frames_in"`    // messages from clients
	FramesOut   int64 `json:"frames_out"`   // messages to clients
	Errors      int64 `json:"errors"`       // error frames among them
	Stuck       int64 `json:"stuck"`        // connections cut because a write took too long
	Overflowed  int64 `json:"overflowed"`   // messages not written because too much waited for a slow client
	DroppedOpen int64 `json:"dropped_open"` // deliveries withheld, dropped or deaf, from connections open now
	truth.Report
}

// Stats returns what has been counted since the last DELETE of /stats.
func (g *Gateway) Stats() Stats {
	stats := Stats{
		APIGateway: sideOf(g.apigw.Hub, g.apigw.Tally),
		AppSync:    sideOf(g.appsync.Hub, g.appsync.Tally),
		Events:     sideOf(g.events.Hub, g.events.Tally),
	}
	stats.APIGateway.Ready = g.rooms.Joined()
	stats.AppSync.Ready = int(g.appsync.Ready.Load())
	stats.Events.Ready = int(g.events.Ready.Load())
	return stats
}

func sideOf(hub *socket.Hub, tally *truth.Tally) Side {
	s := Side{Report: tally.Report()}
	for _, c := range hub.Conns() {
		s.Open++
		s.DroppedOpen += tally.Withheld(&c.Withheld)
	}
	s.Accepted, s.Refused = hub.Counters.Accepted.Load(), hub.Counters.Refused.Load()
	s.FramesIn, s.FramesOut = hub.Counters.FramesIn.Load(), hub.Counters.FramesOut.Load()
	s.Errors, s.Stuck = hub.Counters.Errors.Load(), hub.Counters.Stuck.Load()
	s.Overflowed = hub.Counters.Overflowed.Load()
	return s
}

func (g *Gateway) getStats(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, g.Stats())
}

// deleteStats sets every count to zero.
func (g *Gateway) deleteStats(w http.ResponseWriter, _ *http.Request) {
	g.apigw.Tally.Forget()
	g.appsync.Tally.Forget()
	g.events.Tally.Forget()
	g.apigw.Hub.Counters.Reset()
	g.appsync.Hub.Counters.Reset()
	g.events.Hub.Counters.Reset()
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // if it fails, the client has left
}
