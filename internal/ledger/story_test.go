package ledger

import (
	"fmt"
	"testing"
)

// What the ledger makes of a delivery.
var (
	heard     = Outcome{}
	duplicate = Outcome{Duplicate: true}
	reordered = Outcome{Reordered: true}
	late      = Outcome{Late: true}
	stray     = Outcome{Stray: true}
	canary    = Outcome{Canary: true}
)

func TestStories(t *testing.T) {
	t.Parallel()
	for name, story := range map[string][]step{
		"everybody hears everything": {
			join(room, "ann", "bob"), open(room, "account"),
			publish("account", "one", "two"),
			hear("ann", "one", heard), hear("bob", "one", heard),
			hear("ann", "two", heard), hear("bob", "two", heard),
			closes("account", counts{sent: 2, expected: 4, received: 4}),
		},
		"nobody is there": {
			open(room, "account"), publish("account", "one"),
			closes("account", counts{sent: 1}),
		},
		"nothing is sent": {
			join(room, "ann"), open(room, "account"), closes("account", counts{}),
		},
		"one is lost": {
			join(room, "ann", "bob"), open(room, "account"), publish("account", "one"),
			hear("ann", "one", heard),
			closes("account", counts{sent: 1, expected: 2, received: 1, lost: 1}),
		},
		"one comes twice and thrice": {
			join(room, "ann"), open(room, "account"), publish("account", "one", "two"),
			hear("ann", "one", heard), hear("ann", "one", duplicate),
			hear("ann", "two", heard), hear("ann", "one", duplicate),
			closes("account", counts{sent: 2, expected: 2, received: 2, duplicated: 2}),
		},
		"one overtakes": {
			join(room, "ann", "bob"), open(room, "account"), publish("account", "one", "two", "three"),
			hear("ann", "three", heard), hear("ann", "one", reordered), hear("ann", "two", reordered),
			hear("ann", "one", duplicate),
			hear("bob", "one", heard), hear("bob", "two", heard), hear("bob", "three", heard),
			closes("account", counts{sent: 3, expected: 6, received: 6, reordered: 2, duplicated: 1}),
		},
		"one leaves while it is in flight": {
			join(room, "ann", "bob"), open(room, "account"), publish("account", "one", "two"),
			hear("ann", "one", heard), leave("ann"), leave("ann"),
			hear("bob", "one", heard),
			closes("account", counts{sent: 2, expected: 4, received: 2, lost: 1, indeterminate: 1}),
		},
		"one leaves before it is sent": {
			join(room, "ann", "bob"), leave("bob"), open(room, "account"), publish("account", "one"),
			hear("ann", "one", heard),
			closes("account", counts{sent: 1, expected: 1, received: 1}),
		},
		"one leaves behind the account": {
			join(room, "ann"), open(room, "account"), publish("account", "one"),
			closes("account", counts{sent: 1, expected: 1, lost: 1}), leave("ann"),
		},
		"one joins while it is in flight, and hears it": {
			join(room, "ann"), open(room, "account"), publish("account", "one"),
			join(room, "bob"), hear("bob", "one", heard), hear("bob", "one", duplicate), hear("ann", "one", heard),
			closes("account", counts{sent: 1, expected: 2, received: 1, indeterminate: 1, duplicated: 1}),
		},
		"one joins while it is in flight, and doesn't": {
			join(room, "ann"), open(room, "account"), publish("account", "one"),
			join(room, "bob"), hear("ann", "one", heard), leave("bob"),
			closes("account", counts{sent: 1, expected: 1, received: 1}),
		},
		"it overtakes the acknowledgement": {
			enter(room, "ann"), open(room, "account"), publish("account", "one"),
			hear("ann", "one", heard), ready("ann"), publish("account", "two"), hear("ann", "two", heard),
			stands(room, Count{Ready: 1, Confirmed: 1}),
			closes("account", counts{sent: 2, expected: 2, received: 1, indeterminate: 1}),
		},
		"it comes when the account is closed": {
			join(room, "ann"), open(room, "account"), publish("account", "one"),
			closes("account", counts{sent: 1, expected: 1, lost: 1}),
			hear("ann", "one", late), hear("ann", "one", duplicate),
		},
		"it was meant for others": {
			join(room, "ann"), join("hall", "eve"), open("hall", "account"), publish("account", "one"),
			hear("ann", "one", stray), hear("eve", "one", heard),
			closes("account", counts{sent: 1, expected: 1, received: 1}),
		},
		"two rooms": {
			join(room, "ann"), join("hall", "eve"),
			open(room, "ours"), open("hall", "theirs"),
			publish("ours", "one"), publish("theirs", "two"), publish("ours", "three"),
			hear("ann", "one", heard), hear("ann", "three", heard), hear("eve", "two", heard),
			leave("ann"),
			closes("ours", counts{sent: 2, expected: 2, received: 2}),
			closes("theirs", counts{sent: 1, expected: 1, received: 1}),
		},
		"two accounts at once": {
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
			join(room, "ann", "bob"), open(room, "ours"), open("hall", "theirs"),
			publish("ours", "one"), skip("theirs", 2*windowSize), publish("ours", "two"),
			hear("ann", "one", heard), hear("ann", "two", heard), hear("ann", "one", duplicate), hear("bob", "two", heard),
			closes("ours", counts{sent: 2, expected: 4, received: 3, lost: 1, duplicated: 1}),
		},
		"it could not be sent": {
			join(room, "ann"), open(room, "account"), publish("account", "one", "two", "three"),
			retract("account", "two"), retract("account", "two"), retract("account", "three"),
			hear("ann", "one", heard), hear("ann", "two", heard), leave("ann"),
			closes("account", counts{sent: 2, expected: 2, received: 2}),
		},
		"it could not be sent, and was heard": {
			join(room, "ann", "bob"), open(room, "account"), publish("account", "one"),
			hear("ann", "one", heard), leave("bob"), retract("account", "one"),
			closes("account", counts{sent: 1, expected: 2, received: 1, indeterminate: 1}),
		},
		"a canary": {
			join(room, "ann", "bob"), openCanary("canaries"), publish("canaries", "tweet"),
			stands(room, Count{Ready: 2}),
			hear("ann", "tweet", canary), stands(room, Count{Ready: 2, Confirmed: 1}),
			closes("canaries", counts{sent: 1, expected: 2, received: 1, lost: 1}),
			hear("bob", "tweet", canary), stands(room, Count{Ready: 2, Confirmed: 2}),
		},
		"the deaf are not expected to hear": {
			prove, join(room, "ann", "bob", "deaf"), openCanary("canaries"), open(room, "account"),
			publish("account", "unheard"),
			publish("canaries", "tweet"), hear("ann", "tweet", canary), publish("account", "one"),
			hear("bob", "tweet", canary), publish("account", "two"),
			hear("ann", "one", heard), hear("bob", "one", heard), hear("ann", "two", heard),
			stands(room, Count{Ready: 3, Confirmed: 2}),
			leave("deaf"), stands(room, Count{Ready: 2, Confirmed: 2, Left: 1}),
			closes("account", counts{sent: 3, expected: 4, received: 2, lost: 1, indeterminate: 1}),
		},
		"it is heard, but not acknowledged, and nobody expects it to": {
			prove, enter(room, "ann"), openCanary("canaries"), publish("canaries", "tweet"),
			hear("ann", "tweet", canary), stands(room, Count{Connecting: 1}),
			open(room, "account"), publish("account", "one"), ready("ann"),
			hear("ann", "one", heard), stands(room, Count{Ready: 1, Confirmed: 1}),
			publish("account", "two"), hear("ann", "two", heard),
			closes("account", counts{sent: 2, expected: 2, received: 1, indeterminate: 1}),
		},
		"it is heard, not acknowledged, and leaves": {
			prove, enter(room, "ann"), elsewhere("theirs", 1, 1), hear("ann", "theirs", heard),
			open(room, "account"), publish("account", "one"), ready("ann"), leave("ann"),
			closes("account", counts{sent: 1}),
		},
		"others send as well": {
			join(room, "ann"), open(room, "account"), publish("account", "one"),
			elsewhere("theirs 7", 1, 7), elsewhere("theirs 8", 1, 8), elsewhere("another's 7", 2, 7),
			hear("ann", "theirs 8", heard), hear("ann", "theirs 7", reordered), hear("ann", "another's 7", heard),
			hear("ann", "one", heard), hear("ann", "theirs 7", duplicate), hear("ann", "another's 7", duplicate),
			closes("account", counts{sent: 1, expected: 1, received: 1}),
		},
		"more others than can be remembered": append(append([]step{
			join(room, "ann", "bob"), open(room, "account"), publish("account", "one"),
			hear("ann", "one", heard), hear("bob", "one", heard),
		}, crowd("ann", maxOrigins+5)...),
			hear("ann", "one", duplicate), hear("bob", "one", duplicate), leave("ann"),
			closes("account", counts{sent: 1, expected: 2, received: 2, duplicated: 2}),
		),
		"it fails to connect": {
			enter(room, "ann"), stands(room, Count{Connecting: 1}), leave("ann"),
			stands(room, Count{Failed: 1}), ready("ann"), leave("ann"), stands(room, Count{Failed: 1}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, story)
		})
	}
}

// crowd is so many other processes, each of which is heard twice in a row.
func crowd(member string, n int) (steps []step) {
	for i := range n {
		name := fmt.Sprint("crowd ", i)
		steps = append(steps, elsewhere(name, uint32(10+i), 1), hear(member, name, heard), hear(member, name, duplicate))
	}
	return steps
}

// Two broadcasts may overtake each other by windowSize. Of what comes from farther
// behind nobody can say whether it was there before, so it is in no account.
func TestTheWindow(t *testing.T) {
	t.Parallel()
	for _, behind := range []int{1, 2, 63, 64, 65, windowSize - 2, windowSize - 1} {
		t.Run(fmt.Sprintf("%d behind", behind), func(t *testing.T) {
			t.Parallel()
			tell(t, []step{
				join(room, "ann", "bob", "eve"), open(room, "account"), publish("account", "first", "old"),
				hear("ann", "old", heard), skip("account", behind-1), publish("account", "new"),
				hear("ann", "new", heard), hear("bob", "new", heard),
				hear("ann", "old", duplicate), hear("bob", "old", reordered), hear("bob", "old", duplicate),
				leave("eve"),
				closes("account", counts{
					sent: behind + 2, expected: 3 * int64(behind+2), received: 4, duplicated: 2, reordered: 1,
					lost: 2 * int64(behind), indeterminate: int64(behind + 2),
				}),
			})
		})
	}
	for _, behind := range []int{windowSize, windowSize + 1, 1000} {
		t.Run(fmt.Sprintf("%d behind", behind), func(t *testing.T) {
			t.Parallel()
			tell(t, []step{
				join(room, "ann"), open(room, "account"), publish("account", "old"),
				hear("ann", "old", heard), skip("account", behind-1), publish("account", "new"),
				hear("ann", "new", heard), hear("ann", "old", Outcome{Reordered: true, Late: true}),
				closes("account", counts{sent: behind + 1, expected: int64(behind + 1), received: 2, lost: int64(behind - 1)}),
			})
		})
	}
}
