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
func (s *connection) join(value sobek.Value) *sobek.Promise {
	if g, _ := s.call.client.backend.(*apiGateway); g.isOther {
		s.module().throw(scriptErrorf(nameUsageError, "join() is for the chat application, and the client's handshake is another's: send() what yours takes"))
	}
	room := s.text(value, "join(): a room's name is a string, not %s")
	if room == "" || !isOneWord(room) {
		s.module().throw(scriptErrorf(nameUsageError, "join(): a room's name is one word, not %q", room))
	}
	turn, joining := s.joins.next(), s.joinRequest(room)
	begun := turn.come()
	if begun { // so that what the script sends next goes out after it
		s.host.send(joining)
	}
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		defer turn.end()
		if err := turn.wait(ctx); err != nil {
			return nil, err
		}
		if !begun {
			s.host.send(joining)
		}
		if err := s.host.receive(ctx, joining); err != nil {
			return nil, err
		}
		return onLoop(func() sobek.Value {
			if turn.number > s.joined { // else a later join() was settled first
				s.joined, s.call.who.room = turn.number, room
				s.set("room", room)
			}
			return sobek.Undefined()
		}), nil
	})
}

// joinRequest asks the chat application for a room. Its answers don't say which request
// they are about, so there is one request at a time.
func (s *connection) joinRequest(room string) *request {
	step := apigw.JoinStep(room)
	return &request{
		begin: func(session dialect.Session) (string, dialect.Event, error) {
			chat, _ := session.(*apigw.Session)
			return step.Send, chat.Do(step), nil
		},
		withdraw: func(session dialect.Session, _ string) dialect.Event {
			chat, _ := session.(*apigw.Session)
			return chat.Withdraw(step)
		},
	}
}

// isOneWord reports whether the chat application would take text as one word.
func isOneWord(text string) bool { return !strings.ContainsFunc(text, unicode.IsSpace) }
