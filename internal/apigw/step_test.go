package apigw

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The exact texts of the chat application, and of the metrics that count its steps.
func TestChatHandshake(t *testing.T) {
	t.Parallel()
	nickname := Step{Send: "Ann Lee", Expect: "Using nick", Counter: "nickname_counter"}
	join := Step{Send: "/join Room 1", Expect: "Joined chat", Counter: "joined_success_counter"}
	assert.Equal(t, []Step{nickname, join}, ChatHandshake("Ann Lee", "Room 1"))
	assert.Equal(t, []Step{nickname}, ChatHandshake("Ann Lee", ""))
}
