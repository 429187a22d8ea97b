package ledger

import (
	"sync"
	"testing"
)

func TestWatchersAreWoken(t *testing.T) {
	t.Parallel()
	const members = 20
	audience := New().Audience(room)
	var watching sync.WaitGroup
	for range 4 {
		watching.Go(func() {
			for {
				count, changed := audience.Watch()
				if count.Ready == members {
					return
				}
				<-changed
			}
		})
	}
	for range members {
		watching.Go(func() {
			m := audience.Enter()
			m.Ready()
		})
	}
	watching.Wait()
}
