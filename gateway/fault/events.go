package fault

import "errors"

// EventForm is how a data message of AppSync Events holds its event. AWS sends a JSON
// string and documents a list of them.
type EventForm uint8

// The forms; the zero value is AWS's.
const (
	EventString EventForm = iota
	EventList
	EventObject // the event itself, not encoded in a string
)

var eventForms = [...]string{EventString: "string", EventList: "list", EventObject: "object"}

var errEventForm = errors.New(`must be "string", "list" or "object"`)

// MarshalText returns what UnmarshalText reads.
func (e EventForm) MarshalText() ([]byte, error) { return []byte(eventForms[e]), nil }

// UnmarshalText reads a form's name.
func (e *EventForm) UnmarshalText(text []byte) error {
	for form, name := range eventForms {
		if name == string(text) {
			*e = EventForm(form)
			return nil
		}
	}
	return errEventForm
}

// EventForm returns how data messages of AppSync Events hold their event.
func (f *Faults) EventForm() EventForm { return f.plan.Load().EventForm }

// FailEvent reports whether an event that is being published fails: its publisher learns
// that, and nobody gets it.
func (f *Faults) FailEvent() bool {
	p := f.plan.Load()
	return p.hits(failing, p.FailEvent, f.events.Add(1), 0)
}
