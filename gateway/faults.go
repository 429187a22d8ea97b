package gateway

import (
	"io"
	"math/rand/v2"
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

func (g *Gateway) getFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, g.faults.Settings())
}

func (g *Gateway) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	g.faults.Set(fault.Settings{})
	w.WriteHeader(http.StatusNoContent)
}

// postFaults changes the faults that the body names, keeps the others, and
// answers with all of them.
func (g *Gateway) postFaults(w http.ResponseWriter, r *http.Request) {
	const limit = 64 << 10
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		answer(w, http.StatusBadRequest, failure{err.Error()})
		return
	}
	change, err := fault.Read(g.faults.Settings(), body)
	if err != nil {
		answer(w, http.StatusBadRequest, failure{err.Error()})
		return
	}
	g.faults.Set(change.Settings)
	g.act(change.Action)
	answer(w, http.StatusOK, g.faults.Settings())
}

type failure struct {
	Error string `json:"error"`
}

// act ends some of the open connections of all gateways.
func (g *Gateway) act(a fault.Action) {
	for _, hub := range []*socket.Hub{g.apigw.Hub, g.appsync.Hub, g.events.Hub} {
		for _, c := range share(hub.Conns(), a.Cut) {
			c.Cut()
		}
		for _, c := range share(hub.Conns(), a.Close.Share) {
			c.Close(a.Close.Code, "")
		}
	}
}

// share returns a share of the connections, chosen at random. Their number is
// rounded to the nearest.
func share(conns []*socket.Conn, of float64) []*socket.Conn {
	rand.Shuffle(len(conns), func(i, j int) { conns[i], conns[j] = conns[j], conns[i] })
	return conns[:int(of*float64(len(conns))+0.5)]
}
