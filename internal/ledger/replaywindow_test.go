package ledger

import (
	"encoding/binary"
	"testing"
)

// Whatever the order in which sequences come, the window says of each what a set
// of all that came before would say, as far back as it reaches.
func FuzzWindow(f *testing.F) {
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
			if decided := s <= highest && (seen[s] || !remembered); w.settled(s) != decided {
				t.Fatalf("%d is decided: %t", s, !decided)
			}
			want := Outcome{Duplicate: seen[s] && remembered, Late: !remembered}
			want.Reordered = s <= highest && !want.Duplicate
			if got := w.accept(s); got != want {
				t.Fatalf("%d behind %d: %+v instead of %+v", s, highest, got, want)
			}
			seen[s] = true
			highest = max(highest, s)
		}
	})
}
