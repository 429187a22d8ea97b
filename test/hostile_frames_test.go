package e2e

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// protocolErrors are the counts where each of three connections meets a violation of
// RFC 6455.
var protocolErrors = map[string]int{"pushgw_errors error=ProtocolError": 3, "pushgw_closed": 3, "pushgw_connect_failed": 0}

// tooBig are the counts where each of three connections gets a message above the limit.
var tooBig = map[string]int{"pushgw_errors error=MessageTooBig": 3, "pushgw_closed": 3, "pushgw_connect_failed": 0}

// TestHostileFrames: a violation of the protocol ends the connection, and is named.
func TestHostileFrames(t *testing.T) {
	var rows []hostileRow
	for name, behaviour := range map[string]hostile.Behaviour{
		"masked frame":                       hostile.MaskedFrame(),
		"reserved bits":                      hostile.ReservedBits(),
		"compressed frame":                   hostile.CompressedFrame(),
		"reserved data opcode":               hostile.ReservedOpcode(0x3),
		"reserved control opcode":            hostile.ReservedOpcode(0xB),
		"ping of 126 bytes":                  hostile.LongPing(),
		"fragmented ping":                    hostile.FragmentedPing(),
		"continuation of nothing":            hostile.StrayContinuation(),
		"message in a message":               hostile.NestedMessage(),
		"close reason that is no UTF-8":      hostile.ClosePayload([]byte("\x03\xe8\xff\xfe")),
		"close code below all":               hostile.ClosePayload([]byte{0, 7}),
		"close code above all":               hostile.ClosePayload([]byte{0xff, 0xff}),
		"close code that says there is none": hostile.CloseWith(1005),
	} {
		rows = append(rows, hostileRow{
			name: name, dialects: onlyAPIGateway, behaviour: behaviour, acts: "listen,drive", counts: protocolErrors,
			check: func(t *testing.T, o *outcome) { require.Contains(t, strings.ToLower(o.stderr), "protocol") },
		})
	}
	runHostile(t, append(rows, hostileRow{
		name: "masked frame", dialects: onlyAppSync, behaviour: hostile.MaskedFrame(), acts: "listen,drive", counts: protocolErrors,
	}))
}

// TestHostileLength: no message is read beyond the limit.
func TestHostileLength(t *testing.T) {
	const much = 512 << 20
	runHostile(t, []hostileRow{
		{
			name: "length of 2^63", dialects: onlyAPIGateway, behaviour: hostile.Announce(1 << 63), acts: "listen,drive",
			check: func(t *testing.T, o *outcome) { // the first bit must be 0, so either is true
				require.Equal(t, 3, o.count("pushgw_errors", "error=ProtocolError")+o.count("pushgw_errors", "error=MessageTooBig"))
			},
		},
		{name: "length of 2^63-1", dialects: onlyAPIGateway, behaviour: hostile.Announce(math.MaxInt64), acts: "listen,drive", counts: tooBig},
		{name: "length of 1 TiB", behaviour: hostile.Announce(1 << 40), acts: "listen,drive", counts: tooBig, log: []string{"maxMessageSize"}},
		{name: "one byte above the limit", behaviour: hostile.LongMessage(1<<20 + 1), acts: "listen,drive", counts: tooBig},
		{
			name: "all that the limit allows", behaviour: hostile.LongMessage(1 << 20), acts: "listen,drive",
			counts: map[string]int{"pushgw_errors error=MessageTooBig": 0, "pushgw_closed by=gateway code=1000": 3},
		},
		{name: "512 MB", behaviour: hostile.LongMessage(much), acts: "listen,drive", counts: tooBig},
		{name: "512 MB in fragments", dialects: onlyAPIGateway, behaviour: hostile.EndlessFragments(much), acts: "listen,drive", counts: tooBig},
		{
			name: "512 MB over TLS", secure: true, behaviour: overTLS(hostile.LongMessage(much)), acts: "listen,drive",
			env: []string{"--insecure-skip-tls-verify"}, counts: tooBig,
		},
		{
			name: "fragments with nothing in them", dialects: onlyAPIGateway, behaviour: hostile.EmptyFragments(200_000), acts: "listen,drive",
			counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_closed": 3},
		},
		{
			name: "300,000 stamps", behaviour: hostile.ManyStamps(300_000), acts: "listen,drive", counts: tooBig,
		},
		{
			name: "100,000 stamps below the limit", behaviour: hostile.ManyStamps(100_000), acts: "listen,drive",
			options: `{"maxMessageSize": 16777216}`,
			counts:  map[string]int{"pushgw_errors error=MessageTooBig": 0, "pushgw_closed by=gateway code=1000": 3},
		},
		{
			name: "18,000 stamps", behaviour: hostile.ManyStamps(18_000), acts: "listen,drive",
			counts: map[string]int{"pushgw_errors error=MessageTooBig": 0, "pushgw_closed by=gateway code=1000": 3},
		},
	})
}

// overTLS is the same behaviour, over TLS.
func overTLS(b hostile.Behaviour) hostile.Behaviour {
	b.TLS = true
	return b
}
