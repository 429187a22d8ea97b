package appsync

import (
	"errors"
	"slices"
	"sync"

	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// broker delivers what is published to its subscribers. The connections are
// divided into fixed parts with a worker each, so that every connection gets
// what is published in the order in which it was published.
type broker struct {
	publishing sync.Mutex // held from matching to queueing, so that all queues have the same order
	queues     [parts]chan job

	mu     sync.Mutex
	groups map[string]*group
}

const (
	parts = 4
	// maxQueued is how many jobs of a worker may wait. When there are as many,
	// publishing waits.
	maxQueued = 256
)

// group is all subscriptions with the same document, variables and operation
// name. The payload of what is published is made once for all of them.
type group struct {
	document string // the JSON of the request
	query    *graphql.Subscription
	members  [parts][]*subscription
	listed   [parts][]*subscription // a copy of members that is never changed; nil if members has changed since
}

// job is one payload for some subscriptions of one part.
type job struct {
	account *truth.Broadcast
	payload []byte
	to      []*subscription
}

// errRealtime is the error of a query or a mutation over WebSocket, where AppSync takes
// subscriptions only.
var errRealtime = errors.New("not supported through the realtime channel")

func (g *Gateway) startBroker() {
	g.broker.groups = map[string]*group{}
	for i := range g.broker.queues {
		queue := make(chan job, maxQueued)
		g.broker.queues[i] = queue
		g.Hub.Go(func() { g.deliver(queue) })
	}
}

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
	part := s.part()
	s.group, s.place = to, len(to.members[part])
	to.members[part] = append(to.members[part], s)
	to.listed[part] = nil
}

// leave removes a subscription from its group. Deliveries to it that have not been
// written count as gone.
func (b *broker) leave(s *subscription) {
	s.listener.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	from, part := s.group, s.part()
	members := from.members[part]
	last := members[len(members)-1]
	members[s.place], last.place = last, s.place
	members[len(members)-1] = nil
	from.members[part] = members[:len(members)-1]
	from.listed[part] = nil
	if from.empty() {
		delete(b.groups, from.document)
	}
}

func (s *subscription) part() int { return int(s.conn.Number % parts) }

func (g *group) empty() bool {
	for _, members := range g.members {
		if len(members) > 0 {
			return false
		}
	}
	return true
}

// match returns the subscriptions that get what is published, by group and part,
// and how many they are.
func (b *broker) match(event *graphql.Event) (matched map[*group][parts][]*subscription, audience int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	matched = map[*group][parts][]*subscription{}
	for _, g := range b.groups {
		if !g.query.Matches(event) {
			continue
		}
		for part, members := range g.members {
			if g.listed[part] == nil {
				g.listed[part] = slices.Clone(members)
			}
			audience += len(members)
		}
		matched[g] = g.listed
	}
	return matched, audience
}

// publish queues an event for every subscription that it matches, and returns
// without waiting for the deliveries.
func (g *Gateway) publish(event *graphql.Event) {
	g.broker.publishing.Lock()
	defer g.broker.publishing.Unlock()
	matched, audience := g.broker.match(event)
	account := g.Tally.Open(event.Text(), audience)
	for group, members := range matched {
		payload := group.query.Payload(event)
		for part, to := range members {
			if len(payload) > maxMessage {
				drop(account, to)
				continue
			}
			g.queue(part, job{account, payload, to})
		}
	}
}

// drop drops a payload that is too long. Neither the publisher nor the subscribers
// get an error, as on AWS (monitoring.html, "InboundMessageError").
func drop(account *truth.Broadcast, to []*subscription) {
	for _, s := range to {
		account.Dropped(&s.conn.Withheld)
	}
}

// queue queues a job for a part's worker.
func (g *Gateway) queue(part int, j job) {
	if len(j.to) == 0 {
		return
	}
	select {
	case g.broker.queues[part] <- j:
	case <-g.Hub.Context().Done():
	}
}

// deliver is a worker: it does the jobs of one queue until the gateway is closed.
func (g *Gateway) deliver(queue <-chan job) {
	for {
		select {
		case <-g.Hub.Context().Done():
			return
		case j := <-queue:
			for _, s := range j.to {
				// What a client reads too slowly for is dropped. AWS drops what exceeds a
				// connection's rate (monitoring.html, "InboundMessageDropped").
				_ = g.faults.Deliver(&s.listener, j.account, j.payload)
			}
		}
	}
}
