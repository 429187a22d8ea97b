package apigw

import "github.com/pushgw/xk6-pushgw/internal/dialect"

const (
	forbidden = `{"message": "Forbidden", "connectionId":"L0SM9cOFvHcCIhw=", "requestId":"L0SNAHcdvHcFkzg="}`
	using     = "Using nickname: Ann\nType /help for list of commands."
	joined    = `Joined chat room "Room1"`
)

func forbiddenError() *dialect.Error {
	return &dialect.Error{Name: Forbidden, Message: "Forbidden"}
}

// want is an event and those that follow it, without pointers between them.
type want []dialect.Event

func flatten(event dialect.Event) want {
	var events want
	for next := &event; next != nil; next = next.Next {
		e := *next
		e.Next = nil
		events = append(events, e)
	}
	return events
}

func progress(request, counter, answer string) dialect.Event {
	e := dialect.Event{Kind: dialect.Progress, Request: request, Counter: counter}
	if answer != "" {
		e.Answer = []byte(answer)
	}
	return e
}

func ready(request, counter, answer string) dialect.Event {
	e := progress(request, counter, answer)
	e.Kind = dialect.Ready
	return e
}

func refusal(request, answer string) dialect.Event {
	e := progress(request, "", answer)
	e.Kind, e.Err = dialect.Refusal, forbiddenError()
	return e
}
