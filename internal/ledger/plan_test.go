package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	roster := new(Roster)
	var ours, theirs *Plan
	for _, event := range []struct {
		name  string
		do    func()
		wakes bool
		want  Count
	}{
		{"one", func() { ours = roster.Plan(2) }, true, Count{Planned: 2}},
		{"another", func() { theirs = roster.Plan(3) }, true, Count{Planned: 5}},
		{"of less than nothing", func() { roster.Plan(-1) }, true, Count{Planned: 5}},
		{"a dial", func() { ours.Enter() }, true, Count{Planned: 4, Connecting: 1}},
		{"the last", func() { ours.Enter() }, true, Count{Planned: 3, Connecting: 2}},
		{"one more than planned", func() { ours.Enter() }, true, Count{Planned: 3, Connecting: 3}},
		{"one that nobody planned", func() { roster.Enter() }, true, Count{Planned: 3, Connecting: 4}},
		{"nothing is left", func() { ours.Cancel() }, false, Count{Planned: 3, Connecting: 4}},
		{"one of theirs", func() { theirs.Enter().Ready(nil) }, true, Count{Planned: 2, Connecting: 4, Ready: 1}},
		{"the rest isn't dialled", func() { theirs.Cancel() }, true, Count{Connecting: 4, Ready: 1}},
		{"cancelled again", func() { theirs.Cancel() }, false, Count{Connecting: 4, Ready: 1}},
	} {
		_, changed := roster.Watch()
		event.do()
		assert.Equal(t, event.wakes, isClosed(changed), event.name)
		count, _ := roster.Watch()
		assert.Equal(t, event.want, count, event.name)
	}
}
