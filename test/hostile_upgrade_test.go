package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// notByTimeout is true of a run in which nothing was given up for its time only.
func notByTimeout(t *testing.T, o *outcome) {
	t.Helper()
	for _, line := range o.log {
		require.NotContains(t, line, "deadline exceeded")
		require.NotContains(t, line, "timeout")
	}
}

// TestHostileUpgrade: a connection that doesn't become a WebSocket has failed in that
// phase.
func TestHostileUpgrade(t *testing.T) {
	const much = 512 << 20
	var rows []hostileRow
	for _, status := range []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect} {
		row := hostileRow{
			name: fmt.Sprint(status), acts: "listen,drive", counts: failedIn("upgrade"), log: []string{fmt.Sprint("status ", status)},
		}
		rows = append(rows, trapped(t, row, func(to *hostile.Server) hostile.Behaviour { return hostile.RedirectUpgrade(status, to) }))
	}
	runHostile(t, append(rows, []hostileRow{
		{
			name: "refuses in every way", behaviour: hostile.Refuse(400, 401, 403, 404, 429, 500),
			acts: "listen", env: []string{"LISTENERS=6"},
			counts: map[string]int{
				"pushgw_connect_failed": 6, "pushgw_connect_failed phase=upgrade status=400": 1,
				"pushgw_connect_failed phase=upgrade status=401": 1, "pushgw_connect_failed phase=upgrade status=403": 1,
				"pushgw_connect_failed phase=upgrade status=404": 1, "pushgw_connect_failed phase=upgrade status=429": 1,
				"pushgw_connect_failed phase=upgrade status=500": 1, "ws_sessions": 0,
			},
			log: []string{"refused the WebSocket upgrade of", `{"message":"Not you"}`},
		},
		{
			name: "refuses at endless length", dialects: onlyAPIGateway, behaviour: hostile.RefuseForever(much),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"status 403"},
		},
		{
			name: "wrong Sec-WebSocket-Accept", behaviour: hostile.WrongAccept(),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"Sec-WebSocket-Accept"},
			check: func(t *testing.T, o *outcome) {
				require.NotContains(t, o.stderr, "refused the WebSocket upgrade")
			},
		},
		{
			name: "an extension that wasn't offered", behaviour: hostile.DeflateUnasked(much / 2),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"extension"},
		},
		{
			name: "a subprotocol that wasn't offered", dialects: onlyAPIGateway,
			behaviour: hostile.AcceptWith("Sec-WebSocket-Protocol: soap"), acts: "listen,drive",
			env: []string{"HOLD=1000"},
		},
		{
			name: "200 OK", behaviour: hostile.AnswerWith("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"status 200"},
		},
		{
			name: "101 and no more", dialects: onlyAPIGateway, behaviour: hostile.AnswerWith("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
			acts: "listen,drive", counts: failedIn("upgrade"),
		},
		{
			name: "no HTTP", dialects: onlyAPIGateway, behaviour: hostile.AnswerWith("SSH-2.0-OpenSSH_9.9\r\n"),
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"(upgrade)"},
		},
		{
			name: "endless header", behaviour: hostile.EndlessHeader(much), options: `{"timeout": "1m"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), check: notByTimeout,
		},
		{
			name: "endless line", dialects: onlyAPIGateway, behaviour: hostile.EndlessLine(much), options: `{"timeout": "1m"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), check: notByTimeout,
		},
		{
			name: "a slow trickle", behaviour: hostile.Trickled(100 * time.Millisecond), options: `{"timeout": "1s"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"(upgrade)"},
		},
		{
			name: "a quick trickle", behaviour: hostile.Trickled(0), acts: "listen,drive", env: []string{"HOLD=5000"},
			counts: map[string]int{"pushgw_connect_failed": 0, "pushgw_errors": 0, "ws_sessions": 3},
		},
		{
			name: "no answer", behaviour: hostile.NoAnswer(), options: `{"timeout": "2s"}`,
			acts: "listen,drive", counts: failedIn("upgrade"), log: []string{"(upgrade)"},
		},
	}...))
}

// TestHostileTLS: a connection without a finished TLS handshake has failed in that
// phase.
func TestHostileTLS(t *testing.T) {
	var rows []hostileRow
	for name, behaviour := range map[string]hostile.Behaviour{
		"stalls":              hostile.StallTLS(),
		"is reset":            hostile.ResetTLS(),
		"garbage":             hostile.GarbageTLS(),
		"refuses":             hostile.AlertTLS(),
		"trickles":            hostile.TrickleTLS(20 * time.Millisecond),
		"a greeting of 16 MB": hostile.HugeHelloTLS(64 << 20),
		"unknown certificate": {TLS: true},
	} {
		rows = append(rows, hostileRow{
			name: name, secure: true, behaviour: behaviour, acts: "listen,drive", options: `{"timeout": "1s"}`,
			counts: failedIn("tls"), log: []string{"a connection failed"},
		})
	}
	runHostile(t, rows)
}
