package ledger

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// Whatever the order in which sequences come, the window says of each what a set of all
// that came before would say, as far back as it reaches.
func FuzzReplayWindow(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 0, 3, 0, 2, 1, 2, 0, 2, 1, 1, 1, 3, 4, 0, 3, 0})
	f.Add([]byte{255, 255, 0, 1, 254, 255, 255, 0, 255, 255})
	f.Add([]byte{0, 0, 0, 0, 1, 0, 0, 255, 1, 1, 0, 1})
	f.Fuzz(func(t *testing.T, sequences []byte) {
		var w replayWindow
		seen := make(map[uint32]bool)
		highest := uint32(0)
		for ; len(sequences) >= 2; sequences = sequences[2:] {
			s := uint32(binary.BigEndian.Uint16(sequences))
			remembered := s > highest || highest-s < windowSize
			if settled := s <= highest && (seen[s] || !remembered); w.settled(s) != settled {
				t.Fatalf("%d is settled: %t", s, !settled)
			}
			want := Outcome{Duplicate: seen[s] && remembered, Late: !remembered}
			want.Reordered = s <= highest && !want.Duplicate
			if got := w.accept(s); got != want {
				t.Fatalf("%d after %d: %+v instead of %+v", s, highest, got, want)
			}
			seen[s] = true
			highest = max(highest, s)
		}
	})
}

// A broadcast may be overtaken by windowSize others. Of one that comes later still, it
// can't be told whether it came before, so it is counted nowhere.
func TestReplayWindow(t *testing.T) {
	t.Parallel()
	for _, behind := range []int{1, 2, 63, 64, 65, windowSize - 2, windowSize - 1} {
		t.Run(fmt.Sprintf("%d behind", behind), func(t *testing.T) {
			t.Parallel()
			tell(t, []step{
				join(room, "ann", "bob", "eve"), open(room, "series"), publish("series", "first", "old"),
				hear("ann", "old", heard), skip("series", behind-1), publish("series", "new"),
				hear("ann", "new", heard), hear("bob", "new", heard),
				hear("ann", "old", duplicate), hear("bob", "old", reordered), hear("bob", "old", duplicate),
				leave("eve"),
				closes("series", counts{
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
				join(room, "ann"), open(room, "series"), publish("series", "old"),
				hear("ann", "old", heard), skip("series", behind-1), publish("series", "new"),
				hear("ann", "new", heard), hear("ann", "old", Outcome{Reordered: true, Late: true}),
				closes("series", counts{sent: behind + 1, expected: int64(behind + 1), received: 2, lost: int64(behind - 1)}),
			})
		})
	}
}
