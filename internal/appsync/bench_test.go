package appsync

import (
	"strings"
	"testing"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// The payload is what a subscription of four fields delivers: about 300 bytes.
const benchPayload = `{"data":{"onCreateRoom":{"__typename":"Room","id":"0f8b2c1e-5a59-4a7e-9a53-0f4c8b1d2e3f",` +
	`"title":"room-pgw-0000002a00000001-00063a1b2c3d4-89abcdef","members":[1,2,3],"createdAt":"2026-01-02T03:04:05.678Z",` +
	`"text":"He said \"hello\" to everybody in the room, and nobody answered."}}}`

func BenchmarkReceive(b *testing.B) {
	for name, frame := range map[string]string{
		"PayloadLast":  `{"id":"1","type":"data","payload":` + benchPayload + `}`,
		"PayloadFirst": `{"payload":` + benchPayload + `,"id":"1","type":"data"}`,
		"Flat":         `{"payload":"` + strings.Repeat("x", 300) + `","id":"1","type":"data"}`,
		"KeepAlive":    `{"type":"ka"}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := readySession(b)
			data := []byte(frame)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if e := s.Receive(data); e.Kind != dialect.Data && e.Kind != dialect.KeepAlive {
					b.Fatal(e.Kind)
				}
			}
		})
	}
}

func readySession(tb testing.TB) *Session {
	tb.Helper()
	s := newSession(tb, true)
	s.Open()
	s.Receive([]byte(`{"type":"connection_ack"}`))
	if e := s.Receive([]byte(`{"type":"start_ack","id":"1"}`)); e.Kind != dialect.Ready {
		tb.Fatal(e)
	}
	return s
}
