package pushgw

import (
	"context"
	"strings"
	"unicode"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// join is the JavaScript method of a connection to the chat application: it moves to
// another room.
func (s *connection) join(room string) *sobek.Promise {
	if room == "" || !isOneWord(room) {
		s.module().throw(scriptErrorf(nameUsageError, "join(): a room's name is one word, not %q", room))
	}
	step := apigw.JoinStep(room)
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		err := s.host.request(ctx, func(session dialect.Session) (string, dialect.Event, error) {
			chat, _ := session.(*apigw.Session)
			return step.Send, chat.Do(step), nil
		})
		if err != nil {
			return nil, err
		}
		return onLoop(func() sobek.Value {
			s.call.who.room = room
			s.set("room", room)
			return sobek.Undefined()
		}), nil
	})
}

// isOneWord reports whether the chat application would take text as one word.
func isOneWord(text string) bool { return !strings.ContainsFunc(text, unicode.IsSpace) }
