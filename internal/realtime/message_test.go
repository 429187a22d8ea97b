package realtime

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTimeout(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]time.Duration{
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`:            300 * time.Second,
		`{"payload":{"connectionTimeoutMs":1500},"type":"connection_ack"}`:              1500 * time.Millisecond,
		`{"type":"connection_ack","connectionTimeoutMs":2000}`:                          2 * time.Second,
		`{"type":"connection_ack"}`:                                                     300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":0}}`:                 300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":-1}}`:                300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":1}}`:                 time.Millisecond,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":86400000}}`:          24 * time.Hour,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":86400001}}`:          300 * time.Second, // longer than any connection lasts
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":9e18}}`:              300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":null}}`:              300 * time.Second,
		`{"type":"connection_ack","payload":{"connectionTimeoutMs":"soon"}}`:            300 * time.Second,
		`{"type":"connection_ack","payload":{"x":{"connectionTimeoutMs":1}}}`:           300 * time.Second,
		`{"type":"connection_ack","payload":[],"connectionTimeoutMs":{"a":[1,"2",{}]}}`: 300 * time.Second,
	} {
		assert.Equal(t, want, Timeout([]byte(frame)), frame)
	}
}
