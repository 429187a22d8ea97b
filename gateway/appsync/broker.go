package appsync

import (
	"errors"
	"sync"

	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
)

// broker knows who hears what is published.
type broker struct {
	publishing sync.Mutex // held from matching to queueing, so that all queues have the same order
	workers    *realtime.Workers

	mu     sync.Mutex
	groups map[string]*group
}

// group is all subscriptions with the same document, variables and operation
// name. The payload of what is published is made once for all of them.
type group struct {
	document string // the JSON of the request
	query    *graphql.Subscription
	audience realtime.Audience
}

// errRealtime is the error of a query or a mutation over WebSocket, where AppSync takes
// subscriptions only.
var errRealtime = errors.New("not supported through the realtime channel")

// group returns the group for a document: JSON with query, variables and
// operationName. If there is none yet, the document is validated and a new group
// returned, which join adds. For a query or a mutation it returns errRealtime.
func (g *Gateway) group(document string) (*group, []graphql.Error, error) {
	g.broker.mu.Lock()
	known, ok := g.broker.groups[document]
	g.broker.mu.Unlock()
	if ok {
		return known, nil, nil
	}
	request, err := graphql.Read([]byte(document))
	if err != nil {
		return nil, nil, err
	}
	operation, wrong := g.schema.Prepare(request)
	if wrong != nil {
		return nil, wrong, nil
	}
	if !operation.IsSubscription() {
		return nil, nil, errRealtime
	}
	query, denied := operation.Subscription()
	if denied != nil {
		return nil, []graphql.Error{*denied}, nil
	}
	return &group{document: document, query: query}, nil, nil
}

// join adds a subscription to a group, or to one for the same document that was
// added first.
func (b *broker) join(s *subscription, to *group) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if first, ok := b.groups[to.document]; ok {
		to = first
	} else {
		b.groups[to.document] = to
	}
	s.group = to
	to.audience.Join(&s.subscriber)
}

// leave removes a subscription from its group. Deliveries to it that have not been
// written count as gone.
func (b *broker) leave(s *subscription) {
	s.subscriber.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	s.group.audience.Leave(&s.subscriber)
	if s.group.audience.Empty() {
		delete(b.groups, s.group.document)
	}
}

// match returns the subscriptions that get what is published, by group, and how many they
// are.
func (b *broker) match(event *graphql.Event) (matched map[*group]realtime.Subscribers, count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	matched = map[*group]realtime.Subscribers{}
	for _, g := range b.groups {
		if g.query.Matches(event) {
			to := g.audience.List()
			matched[g] = to
			count += to.Len()
		}
	}
	return matched, count
}

// publish queues an event for every subscription that it matches, and returns
// without waiting for the deliveries.
func (g *Gateway) publish(event *graphql.Event) {
	g.broker.publishing.Lock()
	defer g.broker.publishing.Unlock()
	matched, count := g.broker.match(event)
	account := g.Tally.Open(event.Text(), count)
	for group, to := range matched {
		payload := group.query.Payload(event)
		if len(payload) > maxMessage {
			to.Drop(account)
			continue
		}
		g.broker.workers.Queue(account, payload, to)
	}
}
