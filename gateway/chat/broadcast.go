package chat

import (
	"errors"
	"sync"
	"time"
)

// broadcast posts a text to everyone in a room, its sender included, and
// returns when it has been posted to all. Connections that have left are taken
// out of the store and do not stop it.
//
// The members are split into fixed parts, one for each post that may run at
// the same time. As the next text of the same sender is handled only after
// this has returned, nobody gets two of them in the wrong order.
func (a *App) broadcast(sender, room, text string) error {
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

func (a *App) postAll(post func(string) error, members []string) error {
	var clock *time.Ticker
	if a.config.PostTime > 0 && len(members) > 0 {
		clock = time.NewTicker(a.config.PostTime)
		defer clock.Stop()
	}
	var failed error
	for _, id := range members {
		if clock != nil {
			a.wait(clock)
		}
		switch err := post(id); {
		case errors.Is(err, ErrGone):
			a.store.Delete(id)
		case err != nil:
			failed = err
		}
	}
	return failed
}

// wait passes the time of one post, or none any more once the app is stopped.
func (a *App) wait(clock *time.Ticker) {
	select {
	case <-clock.C:
	case <-a.stop:
	}
}
