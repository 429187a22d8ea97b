package events

import (
	"testing"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// The event is about 300 bytes, as a string in JSON.
const benchEvent = `"{\"__typename\":\"Room\",\"id\":\"0f8b2c1e-5a59-4a7e-9a53-0f4c8b1d2e3f\",` +
	`\"title\":\"room-pgw-0000002a00000001-00063a1b2c3d4-89abcdef\",\"members\":[1,2,3],` +
	`\"createdAt\":\"2026-01-02T03:04:05.678Z\",\"text\":\"Nobody in the room answered.\"}"`

func BenchmarkReceive(b *testing.B) {
	for name, frame := range map[string]string{
		"EventLast":  `{"type":"data","id":"1","event":` + benchEvent + `}`,
		"EventFirst": `{"event":[` + benchEvent + `],"id":"1","type":"data"}`,
		"KeepAlive":  `{"type":"ka"}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := newSession(1)
			s.Open()
			s.Receive([]byte(ack))
			if e := s.Receive([]byte(`{"type":"subscribe_success","id":"1"}`)); e.Kind != dialect.Ready {
				b.Fatal(e)
			}
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
