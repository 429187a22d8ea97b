package ledger

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

var errRefused = errors.New("connection refused")

// A story is a list of steps, run in their order, in which everything has a name. A step
// is an event (join, publish, hear) or a check (closes, stands), see helpers_test.go.
// hear(member, broadcast, outcome): heard is the zero Outcome, a first copy in order.

func TestStories(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"everybody hears everything": {
			join(room, "ann", "bob"), open(room, "series"),
			publish("series", "one", "two"),
			hear("ann", "one", heard), hear("bob", "one", heard),
			hear("ann", "two", heard), hear("bob", "two", heard),
			closes("series", counts{sent: 2, expected: 4, received: 4}),
		},
		"nobody is there": {
			open(room, "series"), publish("series", "one"), join(room, "ann"),
			publish("series", "two"), hear("ann", "two", heard),
			closes("series", counts{sent: 2, unheard: 1, expected: 1, received: 1}),
		},
		"nobody is there when it is sent, and one hears it": {
			open(room, "series"), publish("series", "one"), join(room, "ann"), hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 1, indeterminate: 1}),
		},
		"nothing is sent": {
			join(room, "ann"), open(room, "series"), closes("series", counts{}),
		},
		"less is sent than planned": {
			join(room, "ann"), openPlanned(room, "series", 5), publish("series", "one", "two", "three"),
			retract("series", "two"), hear("ann", "one", heard), hear("ann", "three", heard),
			closes("series", counts{sent: 2, unsent: 3, expected: 2, received: 2}),
		},
		"what could not be sent is unsent, not unheard": {
			openPlanned(room, "series", 1), publish("series", "one"), retract("series", "one"),
			closes("series", counts{unsent: 1}),
		},
		"one is lost": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 2, received: 1, lost: 1}),
		},
		"one comes twice and thrice": {
			join(room, "ann"), open(room, "series"), publish("series", "one", "two"),
			hear("ann", "one", heard), hear("ann", "one", duplicate),
			hear("ann", "two", heard), hear("ann", "one", duplicate),
			closes("series", counts{sent: 2, expected: 2, received: 2, duplicated: 2}),
		},
		"one overtakes": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one", "two", "three"),
			hear("ann", "three", heard), hear("ann", "one", reordered), hear("ann", "two", reordered),
			hear("ann", "one", duplicate),
			hear("bob", "one", heard), hear("bob", "two", heard), hear("bob", "three", heard),
			closes("series", counts{sent: 3, expected: 6, received: 6, reordered: 2, duplicated: 1}),
		},
		"one leaves while it is in flight": {
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one", "two"),
			hear("ann", "one", heard), leave("ann"), leave("ann"),
			hear("bob", "one", heard),
			closes("series", counts{sent: 2, expected: 4, received: 2, lost: 1, indeterminate: 1}),
		},
		"one leaves before it is sent": {
			join(room, "ann", "bob"), leave("bob"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"one leaves after the series is closed": {
			join(room, "ann"), open(room, "series"), publish("series", "one"),
			closes("series", counts{sent: 1, expected: 1, lost: 1}), leave("ann"),
		},
		"one joins while it is in flight, and hears it": {
			join(room, "ann"), open(room, "series"), publish("series", "one"),
			join(room, "bob"), hear("bob", "one", heard), hear("bob", "one", duplicate), hear("ann", "one", heard),
			closes("series", counts{sent: 1, expected: 2, received: 1, indeterminate: 1, duplicated: 1}),
		},
		"one joins while it is in flight, and doesn't": {
			join(room, "ann"), open(room, "series"), publish("series", "one"),
			join(room, "bob"), hear("ann", "one", heard), leave("bob"),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"it overtakes the acknowledgement": {
			enter(room, "ann"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard), ready("ann"), publish("series", "two"), hear("ann", "two", heard),
			stands(room, Count{Ready: 1, Confirmed: 1}),
			closes("series", counts{sent: 2, expected: 2, received: 1, indeterminate: 1}),
		},
		"it comes after the series is closed": {
			join(room, "ann"), open(room, "series"), publish("series", "one"),
			closes("series", counts{sent: 1, expected: 1, lost: 1}),
			hear("ann", "one", late), hear("ann", "one", duplicate),
		},
		"it was meant for others": {
			join(room, "ann"), join(hall, "eve"), open(hall, "series"), publish("series", "one"),
			hear("ann", "one", stray), hear("eve", "one", heard),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"two rooms": {
			join(room, "ann"), join(hall, "eve"),
			open(room, "ours"), open(hall, "theirs"),
			publish("ours", "one"), publish("theirs", "two"), publish("ours", "three"),
			hear("ann", "one", heard), hear("ann", "three", heard), hear("eve", "two", heard),
			leave("ann"),
			closes("ours", counts{sent: 2, expected: 2, received: 2}),
			closes("theirs", counts{sent: 1, expected: 1, received: 1}),
		},
		"two series at once": {
			join(room, "ann", "bob"), open(room, "first"), open(room, "second"),
			publish("first", "one"), publish("second", "two"), publish("first", "three"),
			hear("ann", "one", heard), hear("ann", "two", heard), hear("ann", "three", heard),
			hear("bob", "two", heard),
			closes("second", counts{sent: 1, expected: 2, received: 2}),
			publish("first", "four"), hear("bob", "four", heard), leave("bob"),
			hear("ann", "two", duplicate), hear("ann", "four", heard),
			closes("first", counts{sent: 3, expected: 6, received: 4, indeterminate: 2}),
		},
		"two publishers' broadcasts may come in any order": {
			join(room, "ann"), open(room, "first"), open(room, "second"),
			publish("first", "one"), publish("second", "two"), publish("first", "three"), publish("second", "four"),
			hear("ann", "four", heard), hear("ann", "one", heard), hear("ann", "three", heard), hear("ann", "two", reordered),
			closes("first", counts{sent: 2, expected: 2, received: 2}),
			closes("second", counts{sent: 2, expected: 2, received: 2, reordered: 1}),
		},
		"another room's broadcasts use up no memory": {
			join(room, "ann", "bob"), open(room, "ours"), open(hall, "theirs"),
			publish("ours", "one"), skip("theirs", 2*windowSize), publish("ours", "two"),
			hear("ann", "one", heard), hear("ann", "two", heard), hear("ann", "one", duplicate), hear("bob", "two", heard),
			closes("ours", counts{sent: 2, expected: 4, received: 3, lost: 1, duplicated: 1}),
		},
		"a canary": {
			join(room, "ann", "bob"), tweet(room, "tweet"), stands(room, Count{Ready: 2}),
			hear("ann", "tweet", canary), stands(room, Count{Ready: 2, Confirmed: 1}),
			hear("ann", "tweet", canary), stands(room, Count{Ready: 2, Confirmed: 1}),
			tweet(hall, "another's"), hear("bob", "another's", canary), stands(room, Count{Ready: 2, Confirmed: 2}),
		},
		"canaries are in no sequence of broadcasts": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), tweet(room, "tweet"), publish("series", "two"),
			hear("ann", "two", heard), hear("ann", "tweet", canary), hear("ann", "one", reordered),
			closes("series", counts{sent: 2, expected: 2, received: 2, reordered: 1}),
			func(t *testing.T, f *fixture) {
				t.Helper()
				assert.Equal(t, uint32(2), f.stamps["two"].Sequence)
				assert.NotEqual(t, f.stamps["two"].Origin, f.stamps["tweet"].Origin)
			},
		},
		"the deaf are not expected to hear": {
			requireConfirmation, join(room, "ann", "bob", "deaf"), tweet(room, "tweet"), open(room, "series"),
			publish("series", "unheard"),
			hear("ann", "tweet", canary), publish("series", "one"),
			hear("bob", "tweet", canary), publish("series", "two"),
			hear("ann", "one", heard), hear("bob", "one", heard), hear("ann", "two", heard),
			stands(room, Count{Ready: 3, Confirmed: 2}),
			leave("deaf"), stands(room, Count{Ready: 2, Confirmed: 2, Left: 1}),
			closes("series", counts{sent: 3, unheard: 1, expected: 4, received: 2, lost: 1, indeterminate: 1}),
		},
		"it is heard, but not acknowledged, and nobody expects it to": {
			requireConfirmation, enter(room, "ann"), tweet(room, "tweet"),
			hear("ann", "tweet", canary), stands(room, Count{Connecting: 1}),
			open(room, "series"), publish("series", "one"), ready("ann"),
			hear("ann", "one", heard), stands(room, Count{Ready: 1, Confirmed: 1}),
			publish("series", "two"), hear("ann", "two", heard),
			closes("series", counts{sent: 2, expected: 2, received: 1, indeterminate: 1}),
		},
		"it is heard, not acknowledged, and leaves": {
			requireConfirmation, enter(room, "ann"), elsewhere("theirs", 1, 1), hear("ann", "theirs", heard),
			open(room, "series"), publish("series", "one"), ready("ann"), leave("ann"),
			closes("series", counts{sent: 1, unheard: 1}),
		},
		"others send as well": {
			join(room, "ann"), open(room, "series"), publish("series", "one"),
			elsewhere("theirs 7", 1, 7), elsewhere("theirs 8", 1, 8), elsewhere("another's 7", 2, 7),
			hear("ann", "theirs 8", heard), hear("ann", "theirs 7", reordered), hear("ann", "another's 7", heard),
			hear("ann", "one", heard), hear("ann", "theirs 7", duplicate), hear("ann", "another's 7", duplicate),
			closes("series", counts{sent: 1, expected: 1, received: 1}),
		},
		"more others than can be remembered": append(append([]step{
			join(room, "ann", "bob"), open(room, "series"), publish("series", "one"),
			hear("ann", "one", heard), hear("bob", "one", heard),
		}, crowd("ann", maxOrigins+5)...),
			hear("ann", "one", duplicate), hear("bob", "one", duplicate), leave("ann"),
			closes("series", counts{sent: 1, expected: 2, received: 2, duplicated: 2}),
		),
		"it fails to connect": {
			enter(room, "ann", "bob"), stands(room, Count{Connecting: 2}), fail("ann", errRefused),
			stands(room, Count{Connecting: 1, Failed: 1, FirstFailure: errRefused}),
			ready("ann"), leave("ann"), cut("ann"), fail("bob", io.EOF),
			stands(room, Count{Failed: 2, FirstFailure: errRefused}),
		},
		"it is cut off while it connects": {
			enter(room, "ann"), cut("ann"), cut("ann"), stands(room, Count{Failed: 1, FirstFailure: errCut}),
		},
		"it gives up connecting": {
			enter(room, "ann", "bob"), fail("ann", nil), leave("bob"), stands(room, Count{}),
			ready("ann", "bob"), leave("ann"), cut("bob"), fail("ann", io.EOF), stands(room, Count{}),
		},
		"it can't fail any more": {
			join(room, "ann"), fail("ann", io.EOF), stands(room, Count{Ready: 1}), cut("ann"),
			fail("ann", io.EOF), stands(room, Count{Left: 1, CutOff: 1}),
		},
	})
}

// crowd is n other processes, each of which a member hears twice in a row.
func crowd(member string, n int) (steps []step) {
	for i := range n {
		name := fmt.Sprint("crowd ", i)
		steps = append(steps, elsewhere(name, uint32(10+i), 1), hear(member, name, heard), hear(member, name, duplicate))
	}
	return steps
}
