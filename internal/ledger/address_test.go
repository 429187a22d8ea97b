package ledger

import (
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// addressed notes an address for each of these members: its own name.
func addressed(names ...string) step {
	return func(_ *testing.T, f *fixture) {
		for _, name := range names {
			f.members[name].SetAddress(name)
		}
	}
}

// takeTurns checks whose turn it is, and then whose; "" stands for nobody's.
func takeTurns(names ...string) step {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		got := make([]string, len(names))
		for i := range got {
			one, ok := f.ledger.Audience(room).NextAddressee()
			assert.Equal(t, one != Addressee{}, ok)
			got[i] = one.Address
		}
		assert.Equal(t, names, got)
	}
}

func forget(name string) step {
	return func(_ *testing.T, f *fixture) { f.ledger.Audience(room).ForgetAddress(f.members[name].Member(0)) }
}

func TestAddresseesTakeTurns(t *testing.T) {
	t.Parallel()
	three := []step{join(room, "a", "b", "c"), addressed("a", "b", "c")}
	after := func(steps ...step) []step { return append(slices.Clone(three), steps...) }
	tellAll(t, map[string][]step{
		"nobody":               {takeTurns("")},
		"none has an address":  {join(room, "a"), takeTurns(""), forget("a")},
		"one":                  {join(room, "a", "b"), addressed("b"), takeTurns("b", "b")},
		"others' room":         {join(hall, "a"), addressed("a"), takeTurns("")},
		"one after another":    after(takeTurns("a", "b", "c", "a", "b", "c", "a")),
		"who is connecting":    {enter(room, "a", "b"), addressed("a", "b"), takeTurns(""), ready("b"), takeTurns("b", "b"), ready("a"), takeTurns("a", "b")},
		"who failed":           {enter(room, "a", "b"), addressed("a", "b"), fail("a", nil), ready("b"), takeTurns("b", "b")},
		"who comes":            after(takeTurns("a", "b"), join(room, "d"), addressed("d"), takeTurns("c", "d", "a", "b", "c", "d")),
		"who comes at the end": after(takeTurns("a", "b", "c"), join(room, "d"), addressed("d"), takeTurns("d", "a", "b", "c", "d")),
		"who leaves":           after(takeTurns("a"), leave("b"), takeTurns("c", "a", "c", "a")),
		"who had a turn":       after(takeTurns("a", "b"), cut("a"), takeTurns("c", "c", "b", "c", "b")),
		"all leave":            after(takeTurns("a"), leave("a", "b", "c"), takeTurns("", ""), join(room, "d"), addressed("d"), takeTurns("d", "d")),
		"one is forgotten":     after(takeTurns("a", "b"), forget("a"), takeTurns("c", "b", "c"), forget("c"), takeTurns("b", "b"), forget("b"), forget("b"), takeTurns("")),
		"forgotten, and told":  after(forget("a"), addressed("a"), takeTurns("b", "c", "a", "b")),
		"another address": after(takeTurns("a"), func(_ *testing.T, f *fixture) { f.members["b"].SetAddress("other") },
			takeTurns("other", "c", "a", "other")),
	})
}

// Each has as many turns as the others, whoever comes and goes: in every round one.
func TestAddresseesHaveEqualTurns(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	staying := listeners(audience, 10)
	for i, m := range staying {
		m.listener.SetAddress(strconv.Itoa(i))
	}
	turns := make(map[string]int)
	const rounds = 300
	for i := range rounds * len(staying) {
		if i%7 == 0 {
			passing := listeners(audience, 1)[0].listener
			passing.SetAddress("passing")
			defer passing.Leave(Local)
			if i%14 == 0 {
				passing.Leave(Cut)
			}
		}
		one, ok := audience.NextAddressee()
		require.True(t, ok)
		turns[one.Address]++
	}
	delete(turns, "passing")
	require.Len(t, turns, len(staying))
	counts := make([]int, 0, len(turns))
	for _, n := range turns {
		counts = append(counts, n)
	}
	require.LessOrEqual(t, slices.Max(counts)-slices.Min(counts), 1, "%v", counts)
}

// Who has left is not kept, however many come and go, and whether anybody asks or not.
func TestMemoryOfAddresses(t *testing.T) {
	const staying, passing, perAddress = 1000, 100_000, 100
	audience := New().Audience(room)
	stay := listeners(audience, staying)
	before := heap()
	for i, m := range stay {
		m.listener.SetAddress("L0SM9cOFvHc" + strconv.Itoa(i))
	}
	for range passing {
		one := listeners(audience, 1)[0].listener
		one.SetAddress("L0SM9cOFvHc0000=")
		one.Leave(Local)
	}
	assert.Less(t, len(audience.addresses.list), 3*staying)
	for range staying + 1 { // one round, and the first of the next
		audience.NextAddressee()
	}
	assert.True(t, len(audience.addresses.list) == staying, "Len would print them all")
	if r := audience.remotes.Load(); r != nil { // which keeps for a while when listeners came and left
		r.ready, r.confirmed = presence{}, presence{}
	}
	grown := heap() - before
	t.Logf("%d bytes for each address", grown/staying)
	assert.Less(t, grown, int64(staying*perAddress))
	runtime.KeepAlive(stay)
}

// Listeners come and go while several publishers choose among them.
func TestAddresseesAtTheSameTime(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	staying := listeners(audience, 1)[0]
	staying.listener.SetAddress("staying")
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for range 200 {
				one := enterAs(ledger.Roster("r"), audience)
				one.SetAddress("passing")
				one.Ready(nil)
				one.SetAddress("passing on")
				one.Leave(Cut)
			}
		})
		working.Go(func() {
			series := audience.OpenSeries(0, 0)
			defer series.Close()
			for range 200 {
				one, ok := audience.NextAddressee()
				if !assert.True(t, ok) {
					return
				}
				series.PublishTo(one.Member, time.Now())
				if one.Member != staying {
					audience.ForgetAddress(one.Member)
				}
			}
		})
	}
	working.Wait()
}
