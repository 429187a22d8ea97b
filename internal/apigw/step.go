// Package apigw is the dialect of applications on Amazon API Gateway WebSocket APIs:
// text out, text in, and the gateway's own error frames. The gateway has no handshake
// beyond that of WebSocket. An application may have one, which is given here as a list
// of steps.
package apigw

// Step is one request to the application and the reply that completes it.
type Step struct {
	// Send is the text to send; empty if the step only waits.
	Send string
	// Expect is the beginning of the reply that completes the step; empty if the step
	// is complete as soon as its text is sent.
	Expect string
	// Counter is the metric that counts the step when it is complete, or empty.
	Counter string
}

// ChatHandshake is the handshake of the chat application: the first text of a
// connection becomes its nickname, and then it joins a room, if there is one.
func ChatHandshake(nickname, room string) []Step {
	steps := []Step{{Send: nickname, Expect: "Using nick", Counter: "nickname_counter"}}
	if room != "" {
		steps = append(steps, JoinStep(room))
	}
	return steps
}

// JoinStep is how a connection to the chat application joins a room.
func JoinStep(room string) Step {
	return Step{Send: "/join " + room, Expect: "Joined chat", Counter: "joined_success_counter"}
}
