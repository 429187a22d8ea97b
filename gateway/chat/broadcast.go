package chat

import (
	"errors"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
)

// Broadcast posts a text to everyone in a room, its sender included, and
// returns when it has been posted to all. Connections that have been closed are
// taken out of the store and do not stop it.
//
// The members are split into fixed parts, one for each post that may run at
// the same time. As the next text of the same sender is handled only after
// this has returned, nobody gets two of them in the wrong order.
func (a *App) Broadcast(sender, room, text string) error {
	members := a.store.Members(room)
	post, err := a.connections.Broadcast(sender, []byte(text), len(members))
	if err != nil {
		return err
	}
	parts := min(a.config.Fanout, len(members))
	if parts <= 1 {
		return a.postAll(post, members)
	}
	failed := make([]error, parts)
	var working sync.WaitGroup
	for i := range parts {
		part := members[i*len(members)/parts : (i+1)*len(members)/parts]
		working.Go(func() { failed[i] = a.postAll(post, part) })
	}
	working.Wait()
	return errors.Join(failed...)
}

// postAll posts to one member after another. It goes on after a failure, and
// returns the last.
func (a *App) postAll(post func(string) error, members []string) error {
	var ticker *time.Ticker
	if a.config.PostTime > 0 && len(members) > 0 {
		ticker = time.NewTicker(a.config.PostTime)
		defer ticker.Stop()
	}
	var failed error
	for _, id := range members {
		if ticker != nil {
			a.wait(ticker)
		}
		switch err := post(id); {
		case errors.Is(err, apigw.ErrGone):
			a.store.Delete(id)
		case err != nil:
			failed = err
		}
	}
	return failed
}

// wait waits for the time that one post takes, or returns at once if the app has
// been stopped.
func (a *App) wait(ticker *time.Ticker) {
	select {
	case <-ticker.C:
	case <-a.stop:
	}
}
