package realtime

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Subscriber is a subscription that was acknowledged, as what delivers to it knows it.
type Subscriber struct {
	fault.Listener

	place int // its index in its part of the audience
}

// NewSubscriber returns a subscription of a connection, to which out writes.
func NewSubscriber(c *socket.Conn, out fault.Outlet) Subscriber {
	return Subscriber{Listener: fault.Listener{Number: c.Number, Out: out, Withheld: &c.Withheld}}
}

func (s *Subscriber) part() int { return int(s.Number % parts) }

// Audience is all subscriptions that hear the same. Its owner has a lock for it.
type Audience struct {
	members [parts][]*Subscriber
	listed  Subscribers // copies of members; nil where members have changed since
}

// Subscribers are an audience as it was at some time, by part. It is never changed.
type Subscribers [parts][]*Subscriber

// Join adds a subscription.
func (a *Audience) Join(s *Subscriber) {
	part := s.part()
	s.place = len(a.members[part])
	a.members[part] = append(a.members[part], s)
	a.listed[part] = nil
}

// Leave removes a subscription.
func (a *Audience) Leave(s *Subscriber) {
	part := s.part()
	members := a.members[part]
	last := members[len(members)-1]
	members[s.place], last.place = last, s.place
	members[len(members)-1] = nil
	a.members[part] = members[:len(members)-1]
	a.listed[part] = nil
}

// Empty reports whether there is nobody in the audience.
func (a *Audience) Empty() bool {
	return !slices.ContainsFunc(a.members[:], func(m []*Subscriber) bool { return len(m) > 0 })
}

// List returns the subscriptions as they are now.
func (a *Audience) List() Subscribers {
	for part, members := range a.members {
		if a.listed[part] == nil {
			a.listed[part] = slices.Clone(members)
		}
	}
	return a.listed
}

// Len returns how many they are.
func (s *Subscribers) Len() (n int) {
	for _, list := range s {
		n += len(list)
	}
	return n
}

// Drop drops for all of them a value that is too long. Neither the publisher nor the
// subscribers get an error, as on AWS (monitoring.html, "InboundMessageError").
func (s *Subscribers) Drop(account *truth.Broadcast) {
	for _, list := range s {
		for _, subscriber := range list {
			account.Dropped(subscriber.Withheld)
		}
	}
}
