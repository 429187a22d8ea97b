package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// A forged stamp changes nothing: the listener isn't confirmed by it, and what comes after
// it is judged as if it had never come.
func TestForgery(t *testing.T) {
	t.Parallel()
	type change = func(s *stamp.Stamp)
	nextSequence := func(s *stamp.Stamp) { s.Sequence++ }
	noSequence := func(s *stamp.Stamp) { s.Sequence = 0 }
	otherTime := func(s *stamp.Stamp) { s.Sent = s.Sent.Add(time.Microsecond) }
	asCanary := func(s *stamp.Stamp) { s.Canary = true }
	asCanaryOfItsOwn := func(s *stamp.Stamp) { s.Canary, s.Origin = true, canaryOrigin(s.Origin) }
	asBroadcast := func(s *stamp.Stamp) { s.Canary = false }
	sentAfter := func(d time.Duration) change { return func(s *stamp.Stamp) { s.Sent = s.Sent.Add(d) } }
	stories := map[string][]step{
		"of a canary": {
			join(room, "ann"), tweet(room, "tweet"),
			forge("next", "tweet", nextSequence), hear("ann", "next", forged),
			forge("none", "tweet", noSequence), hear("ann", "none", forged),
			forge("at another time", "tweet", otherTime), hear("ann", "at another time", forged),
			forge("as a broadcast", "tweet", asBroadcast), hear("ann", "as a broadcast", forged),
			stands(room, Count{Ready: 1}), hear("ann", "tweet", canary), stands(room, Count{Ready: 1, Confirmed: 1}),
		},
		"of another process's canary": {
			join(room, "ann"), elsewhere("theirs", 1, 1), forge("tweet", "theirs", asCanary),
			forge("old", "tweet", sentAfter(-maxDelay-1)), hear("ann", "old", forged), stands(room, Count{Ready: 1}),
			hear("ann", "tweet", canary), stands(room, Count{Ready: 1, Confirmed: 1}),
		},
		"of a broadcast whose series is closed": {
			join(room, "ann"), open(room, "series"), publish("series", "one"), closes("series", counts{sent: 1, expected: 1, lost: 1}),
			forge("forged", "one", sentAfter(-maxDelay-1)), hear("ann", "forged", forged),
			forge("plausible", "one", otherTime), hear("ann", "plausible", late), hear("ann", "one", duplicate),
		},
		"of another process": {
			join(room, "ann"), elsewhere("theirs", 1, 1),
			forge("old", "theirs", sentAfter(-maxDelay-1)), hear("ann", "old", forged),
			forge("early", "theirs", sentAfter(maxDelay+1)), hear("ann", "early", forged),
			stands(room, Count{Ready: 1}), hear("ann", "theirs", heard),
		},
		"of another process, whose clock is as wrong as it may be": {
			join(room, "ann"), elsewhere("theirs 1", 1, 1), elsewhere("theirs 2", 1, 2),
			forge("slow", "theirs 1", sentAfter(-maxDelay)), hear("ann", "slow", heard),
			forge("fast", "theirs 2", sentAfter(maxDelay)), hear("ann", "fast", heard),
		},
		"of nobody": {
			join(room, "ann"), forge("zero", "nothing", func(s *stamp.Stamp) { s.Origin++ }),
			hear("ann", "zero", forged), stands(room, Count{Ready: 1}),
		},
		"of an audience that has sent nothing": {
			join(room, "ann"), elsewhere("own", 0, 1), hear("ann", "own", forged), stands(room, Count{Ready: 1}),
		},
	}
	for name, change := range map[string]change{
		"next sequence": nextSequence, "no sequence": noSequence, "another time": otherTime,
		"as a canary": asCanary, "as a canary that was never sent": asCanaryOfItsOwn, "too old": sentAfter(-2 * maxDelay), "too early": sentAfter(2 * maxDelay),
	} {
		stories["of its own audience, "+name] = []step{
			join(room, "ann"), open(room, "series"), publish("series", "one"), forge("forged", "one", change),
			hear("ann", "forged", forged), stands(room, Count{Ready: 1}),
			hear("ann", "one", heard), hear("ann", "forged", forged), pending("series"),
			publish("series", "two"), hear("ann", "two", heard),
			closes("series", counts{sent: 2, expected: 2, received: 2}),
		}
		stories["of another audience, "+name] = []step{
			join(room, "ann"), open(hall, "series"), publish("series", "one"), forge("forged", "one", change),
			hear("ann", "forged", forged), stands(room, Count{Ready: 1}), hear("ann", "one", stray),
		}
	}
	tellAll(t, stories)
}

// Nobody has given out the sequence before the broadcast can be found by it.
func TestABroadcastIsFindableBeforeItsSequenceIsGivenOut(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	s := audience.OpenSeries(1, settle)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 10_000 {
			s.Publish(time.Now())
		}
	}()
	for {
		if latest := audience.latest.Load(); latest > 0 {
			assert.NotNil(t, audience.inFlight.find(latest))
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
