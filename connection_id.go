package pushgw

import "github.com/grafana/sobek"

// connectionID is the value of the JavaScript property connectionId: the id that a step of
// the handshake has found, and undefined if none has.
func (s *connection) connectionID() sobek.Value {
	if id := s.host.ID(); id != "" {
		return s.module().vu.Runtime().ToValue(id)
	}
	return sobek.Undefined()
}
