package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// lose returns the places of listeners of these audiences that were cut off.
func lose(r *Roster, audiences ...*Audience) *Places {
	places := NewPlaces(r)
	for _, a := range audiences {
		l := enterAs(r, a)
		l.Ready(nil)
		l.Leave(Cut)
		places.Add(l)
	}
	return places
}

func cutOffs(r *Roster, audiences ...*Audience) []int {
	count, _ := r.Watch()
	missing := []int{count.CutOff}
	for _, a := range audiences {
		count, _ := a.Watch()
		missing = append(missing, count.CutOff)
	}
	return missing
}

// A listener takes a place in its own audience, and no other's. It is ready and the other no
// longer missing at one and the same time.
func TestPlacesAreTaken(t *testing.T) {
	t.Parallel()
	ledger, roster := New(), new(Roster)
	here, there := ledger.Audience(room), ledger.Audience(hall)
	places := lose(roster, here, here, there)
	assert.Equal(t, 3, places.Len())
	assert.Equal(t, []int{3, 2, 1}, cutOffs(roster, here, there))

	_, changed := here.Watch()
	enterAs(roster, here).Ready(places)
	<-changed
	assert.Equal(t, []int{2, 1, 1}, cutOffs(roster, here, there))
	enterAs(roster, there).Ready(places)
	enterAs(roster, there).Ready(places)
	assert.Equal(t, []int{1, 1, 0}, cutOffs(roster, here, there), "nobody else is missing there")
	enterAs(roster, here).Ready(nil)
	assert.Equal(t, []int{1, 1, 0}, cutOffs(roster, here, there), "it was to come anyway")
	assert.Equal(t, 1, places.Len())
	places.GiveUp()
	places.GiveUp()
	assert.Equal(t, []int{0, 0, 0}, cutOffs(roster, here, there))
	assert.Zero(t, places.Len())
}

// Places add up from one group to the next.
func TestPlacesMove(t *testing.T) {
	t.Parallel()
	ledger, roster := New(), new(Roster)
	here, there := ledger.Audience(room), ledger.Audience(hall)
	first, second := lose(roster, here), lose(roster, here, there)
	assert.Nil(t, (*Places)(nil).Move(nil))
	assert.Same(t, first, NewPlaces(roster).Move(first))
	all := first.Move(nil)
	assert.Same(t, all, second.Move(all))
	assert.Equal(t, []int{0, 0, 3}, []int{first.Len(), second.Len(), all.Len()})
	all.GiveUp()
	assert.Equal(t, []int{0, 0, 0}, cutOffs(roster, here, there))
	(*Places)(nil).GiveUp()
}

// A listener of several audiences is replaced once, by whoever takes any of its places.
func TestPlacesInSeveralAudiences(t *testing.T) {
	t.Parallel()
	ledger, roster := New(), new(Roster)
	here, there := ledger.Audience(room), ledger.Audience(hall)
	ann := roster.Enter()
	ann.Join(here, there)
	ann.Ready(nil)
	ann.Leave(Cut)
	places := NewPlaces(roster)
	places.Add(ann)
	assert.Equal(t, []int{1, 1, 1}, cutOffs(roster, here, there))
	enterAs(roster, here).Ready(places)
	assert.Equal(t, []int{0, 0, 1}, cutOffs(roster, here, there))
	places.GiveUp()
	assert.Equal(t, []int{0, 0, 0}, cutOffs(roster, here, there))
}
