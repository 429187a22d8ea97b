package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// The ledger and its model live through the same random events and must say the same of
// every delivery, every series and both audiences.
func TestTheLedgerIsItsModel(t *testing.T) {
	t.Parallel()
	histories := 3000
	if testing.Short() {
		histories = 300
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			h := &history{
				random: rand.New(rand.NewPCG(1, uint64(seed))),
				ledger: New(),
				name:   fmt.Sprintf("seed %d", seed),
				began:  time.Now(),
			}
			for range 20 + h.random.IntN(300) {
				h.event(t)
			}
			for _, s := range h.series {
				h.close(t, s)
			}
		})
	}
}

type history struct {
	model
	random *rand.Rand
	ledger *Ledger
	name   string
	began  time.Time
}

func (h *history) audience(i int) *Audience { return h.ledger.Audience([]Name{room, hall}[i]) }

func (h *history) roster(i int) *Roster { return h.ledger.Roster(h.audience(i).Name().Key) }

// event is one event, most often a delivery.
func (h *history) event(t *testing.T) {
	switch n := h.random.IntN(230); {
	case n < 16:
		h.enter()
	case n < 32:
		h.ready()
	case n < 42:
		h.leave()
	case n < 43:
		h.plan()
	case n < 50:
		h.open()
	case n < 74:
		h.publish(1)
	case n < 75:
		h.publish(windowSize - 2 + h.random.IntN(5))
	case n < 82:
		h.retract()
	case n < 84:
		i := h.random.IntN(2)
		h.audience(i).RequireConfirmation()
		h.required[i] = true
	case n < 86:
		h.settle(t)
	case n < 104:
		h.takeSettled(t)
	case n < 112 && len(h.sent) > 0:
		b := h.recent()
		b.series.real.Sent(b.Stamp)
		b.attempted = b.attempted || !b.series.closed
	case n < 113 && len(h.series) > 0:
		h.close(t, pick(h.random, h.series))
	case n < 114:
		i := h.random.IntN(2)
		reduced := h.random.IntN(3)
		h.audience(i).reduceCutOff(reduced)
		h.roster(i).reduceCutOff(reduced)
		h.past[i].CutOff = max(0, h.past[i].CutOff-reduced)
	case n < 126:
		time.Sleep(time.Duration(h.random.IntN(8)) * settle / 4)
	default:
		h.deliver(t)
	}
	h.check(t)
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// check compares how the audiences stand.
func (h *history) check(t *testing.T) {
	want := h.past
	for _, p := range h.plans {
		want[p.audience].Planned += p.left
	}
	for _, m := range h.members {
		c := &want[m.audience]
		switch {
		case m.state == connecting:
			c.Connecting++
		case m.state == gone, m.state == cutOff:
		case m.hears:
			c.Confirmed++
			fallthrough
		default:
			c.Ready++
		}
	}
	for i := range want {
		got, _ := h.roster(i).Watch()
		if got != want[i] {
			t.Fatalf("%s: %+v instead of %+v", h.name, got, want[i])
		}
	}
}
