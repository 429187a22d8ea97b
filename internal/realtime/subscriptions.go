package realtime

import (
	"errors"
	"slices"
	"strconv"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// SubscribedCounter is the metric that counts acknowledged subscriptions.
const SubscribedCounter = "subscribed_success_counter"

// MaxSubscriptions is how many subscriptions a connection may have (AppSync's quotas).
const MaxSubscriptions = 200

// ErrNotAcknowledged is returned before the server has answered connection_init, because it
// would ignore what is begun.
var ErrNotAcknowledged = errors.New("the connection is not acknowledged")

// Subscriptions are those of one connection, from its handshake on. A subscription, and any
// other request, is named by its id.
type Subscriptions struct {
	starts  [][]byte       // the frames of the handshake's subscriptions; nil without any
	begun   []Subscription // started and not over
	lastID  int32
	awaited int32 // how many of the handshake's are yet to be acknowledged
	phase   phase
}

type phase uint8

const (
	connecting   phase = iota // connection_init has no answer yet
	acknowledged              // connection_ack has come
	refused                   // an error has come instead
)

// EndFrame returns the frame that ends the subscription with this id.
type EndFrame func(id string) []byte

// NewSubscriptions returns those of a new connection. Starts are the frames that start the
// subscriptions that are part of the handshake, with the ids that HandshakeID gives them. The
// handshake is over when all are acknowledged. Connections may share the frames.
func NewSubscriptions(starts [][]byte) Subscriptions { return Subscriptions{starts: starts} }

// HandshakeID returns the id of the i-th subscription, counted from zero, that is part of a
// connection's handshake. Ids have to be unique on one connection only, so all connections
// can share the frames.
func HandshakeID(i int) string { return strconv.Itoa(i + 1) }

var connectionInit = []byte(`{"type":"connection_init"}`)

// Open begins the handshake.
func Open() dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: connectionInit}
}

// Acknowledge takes a connection_ack: it starts the handshake's subscriptions, if there are any.
func (s *Subscriptions) Acknowledge(frame []byte) dialect.Event {
	if s.phase != connecting {
		return dialect.Event{}
	}
	s.phase = acknowledged
	if len(s.starts) == 0 {
		return dialect.Event{Kind: dialect.Ready, Timeout: Timeout(frame)}
	}
	var first *dialect.Event
	for _, start := range slices.Backward(s.starts) {
		first = &dialect.Event{Kind: dialect.Progress, Answer: start, Next: first}
	}
	for i := range s.starts {
		s.begun = append(s.begun, Subscription{ID: HandshakeID(i)})
	}
	s.awaited = int32(len(s.starts))
	s.lastID = s.awaited
	first.Timeout = Timeout(frame)
	return *first
}

// NewID returns an id that no request of the connection has had.
func (s *Subscriptions) NewID() (string, error) {
	if s.phase != acknowledged {
		return "", ErrNotAcknowledged
	}
	s.lastID++
	return strconv.Itoa(int(s.lastID)), nil
}

// Begin adds a subscription whose start is being sent, and returns its id.
func (s *Subscriptions) Begin() (id string, err error) {
	if id, err = s.NewID(); err != nil {
		return "", err
	}
	s.begun = append(s.begun, Subscription{ID: id})
	return id, nil
}

// Started takes the acknowledgement of a subscription: that makes it live, or ends it if its
// end was requested before. The counter counts it either way, because the server has
// acknowledged it. The connection is ready with the last of the handshake's.
func (s *Subscriptions) Started(id []byte, end EndFrame) dialect.Event {
	sub := s.Find(id)
	if sub == nil || !sub.pending() {
		return dialect.Event{}
	}
	event := dialect.Event{Kind: dialect.Progress, Request: sub.ID, Counter: SubscribedCounter}
	isLast := s.answerHandshake(sub.ID)
	wanted := sub.State == Starting
	sub.State = Live
	switch {
	case !wanted:
		event.Answer = sub.stop(end)
	case isLast:
		event.Kind = dialect.Ready
	}
	return event
}

// answerHandshake notes the acknowledgement of a subscription if it is one of the handshake's,
// and reports whether it was the last of these.
func (s *Subscriptions) answerHandshake(id string) (last bool) {
	n, err := strconv.Atoi(id)
	if err != nil || n > len(s.starts) {
		return false
	}
	s.awaited--
	return s.awaited == 0
}

// Stop requests the end of the subscription with this id and returns the frame to send, if
// any. A server ignores the end of a subscription that it hasn't acknowledged; the frame is
// then held back and becomes the Answer to the acknowledgement.
func (s *Subscriptions) Stop(id string, end EndFrame) []byte {
	if sub := s.Find([]byte(id)); sub != nil {
		return sub.stop(end)
	}
	return nil
}

// StopAll requests the end of every subscription and returns the frames to send.
func (s *Subscriptions) StopAll(end EndFrame) [][]byte {
	var frames [][]byte
	for i := range s.begun {
		if frame := s.begun[i].stop(end); frame != nil {
			frames = append(frames, frame)
		}
	}
	return frames
}

// Name returns the id of a subscription as events name it. It is empty if the subscription is
// over, after which data may still come, or if there has been none.
func (s *Subscriptions) Name(id []byte) string {
	if sub := s.Find(id); sub != nil {
		return sub.ID
	}
	return ""
}

// Find returns the subscription with this id, or nil. It is valid until another begins or is
// forgotten.
func (s *Subscriptions) Find(id []byte) *Subscription {
	for i := range s.begun {
		if s.begun[i].ID == string(id) {
			return &s.begun[i]
		}
	}
	return nil
}

// Forget removes a subscription that is over.
func (s *Subscriptions) Forget(id string) {
	s.begun = slices.DeleteFunc(s.begun, func(sub Subscription) bool { return sub.ID == id })
}
