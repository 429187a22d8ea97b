package stamp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var example = Stamp{
	Origin: 0xdeadbeef, Sequence: 7, Sent: time.UnixMicro(1_601_101_219_641_123), End: 9, Late: 3 * time.Millisecond,
}

func TestStampHasItsLength(t *testing.T) {
	t.Parallel()
	require.Len(t, example.String(), Len)
	largest := Stamp{
		Origin: math.MaxUint32, Sequence: math.MaxUint32, Sent: time.UnixMicro(1<<52 - 1), End: math.MaxUint32, Late: MaxLate,
	}
	require.Len(t, largest.String(), Len)
}

func TestFindIsIndifferentToThePayload(t *testing.T) {
	t.Parallel()
	text := example.String()
	inner, err := json.Marshal(map[string]string{"title": "<" + text + ">"})
	require.NoError(t, err)
	outer, err := json.Marshal(map[string]string{"event": string(inner)})
	require.NoError(t, err)

	damage := map[string]int{"after a false": 2, "doubled prefix": 1}
	for name, payload := range map[string]string{
		"bare":           text,
		"chat":           "Broadcast: " + text,
		"room":           "room-" + text + "-end",
		"json":           string(inner),
		"json in json":   string(outer),
		"after a false":  "pgw- pgw-deadbeef " + text,
		"doubled prefix": "pgw2-" + text,
		"other words":    "pgw pgwx-1 pgw2 pgw22- " + text,
		"binary":         "\x00\xff" + text + "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, rest, damaged, ok := Find([]byte(payload))
			require.True(t, ok)
			require.Equal(t, damage[name], damaged)
			require.Equal(t, example, found)
			require.True(t, strings.HasSuffix(payload, string(rest)))
		})
	}
}

func TestACanaryIsKnownAsOne(t *testing.T) {
	t.Parallel()
	canary := example
	canary.Canary = true
	require.Len(t, canary.String(), Len)
	found, _, _, ok := Find([]byte(canary.String()))
	require.True(t, ok)
	require.Equal(t, canary, found)
}

func TestFindGoesOnAfterAStamp(t *testing.T) {
	t.Parallel()
	second := example
	second.Sequence++
	_, rest, _, ok := Find([]byte(example.String() + second.String()))
	require.True(t, ok)
	found, rest, damaged, ok := Find(rest)
	require.True(t, ok)
	require.Equal(t, second, found)
	require.Zero(t, damaged)
	_, _, _, ok = Find(rest)
	require.False(t, ok)
}

// Every single damaged byte must lead to a refusal, never to another stamp.
func TestADamagedStampIsRefused(t *testing.T) {
	t.Parallel()
	text := []byte(example.String())
	for at := range text {
		for _, c := range []byte("0a9f-cg\x00") {
			if text[at] == c {
				continue
			}
			broken := bytes.Clone(text)
			broken[at] = c
			_, rest, _, ok := Find(broken)
			require.False(t, ok, "%s", broken)
			require.Empty(t, rest)
		}
	}
	for short := range text {
		_, _, _, ok := Find(text[:short])
		require.False(t, ok)
	}
	_, _, damaged, _ := Find(append(bytes.Clone(text[:Len-1]), 'x'))
	require.Equal(t, 1, damaged)
}

// A text in another format isn't a stamp even if its checksum is right.
func TestTheFormatIsChecked(t *testing.T) {
	t.Parallel()
	const checkAt = Len - checkDigits
	for at, c := range map[int]byte{5: 'g', 13: 'A', 21: 'k', 22: ' ', 30: 'x', 34: '-', checkAt - 1: 'c'} {
		text := []byte(example.String())[:checkAt]
		text[at] = c
		text = fmt.Appendf(text, "%08x", crc32.Checksum(text, castagnoli))
		_, _, damaged, ok := Find(text)
		require.False(t, ok, "%s", text)
		require.Equal(t, 1, damaged)
	}
}

func TestAppendLeavesWhatIsThere(t *testing.T) {
	t.Parallel()
	require.Equal(t, "room-"+example.String(), string(example.Append([]byte("room-"))))
}

func FuzzFind(f *testing.F) {
	f.Add([]byte(example.String()), uint(3))
	f.Add([]byte("pgw-pgw2-"), uint(0))
	f.Add([]byte(WriteControl(exampleOpening, nil)), uint(40))
	f.Fuzz(func(t *testing.T, noise []byte, at uint) {
		Find(noise)
		where := int(at % uint(len(noise)+1))
		mixed := append(append(bytes.Clone(noise[:where]), example.String()...), noise[where:]...)
		for found, rest, _, ok := Find(mixed); ok; found, rest, _, ok = Find(rest) {
			if found == example {
				return
			}
		}
		t.Fatalf("the stamp was lost in %q", mixed)
	})
}

func BenchmarkFind(b *testing.B) {
	payload := []byte(`{"id":"1","type":"data","payload":{"data":{"onCreateRoom":{"title":"room-` + example.String() + `"}}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, ok := Find(payload); !ok {
			b.Fatal("not found")
		}
	}
}

// Stamps travel between processes, which may be different builds: the text must never
// change. Its checksum was computed by an independent implementation.
func TestGoldenStamps(t *testing.T) {
	t.Parallel()
	canary := Stamp{Origin: 0xdeadbeef, Sequence: 7, Sent: example.Sent, Canary: true, End: 7}
	for text, want := range map[string]Stamp{
		"pgw2-deadbeef00000007-0000000900035b0316d723723-d511d1bb": example,
		"pgw2-deadbeef00000007c0000000700005b0316d723723-cd0bcbe0": canary,
	} {
		require.Equal(t, text, want.String())
		requireFound(t, want, text)
	}
	require.Equal(t, "{{stamp}}", Placeholder)
}

// What a build of the first version sends is read.
func TestGoldenStampsOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Stamp{
		"pgw-deadbeef00000007-5b0316d723723-cb23f208": {Origin: 0xdeadbeef, Sequence: 7, Sent: example.Sent},
		"pgw-deadbeef00000007c5b0316d723723-3a5d17cd": {Origin: 0xdeadbeef, Sequence: 7, Sent: example.Sent, Canary: true},
	} {
		requireFound(t, want, text)
		from, to := want.Published()
		require.Equal(t, want.Sent, from)
		require.Zero(t, to, "how late it was isn't known")
	}
}

func requireFound(t *testing.T, want Stamp, text string) {
	t.Helper()
	found, rest, damaged, ok := Find([]byte("Broadcast: " + text + " and more"))
	require.True(t, ok)
	require.Equal(t, want, found)
	require.Equal(t, " and more", string(rest))
	require.Zero(t, damaged)
}

func TestLateness(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]time.Duration{
		-time.Hour: 0, 0: 0, 1: time.Millisecond, time.Millisecond: time.Millisecond,
		time.Millisecond + 1: 2 * time.Millisecond, time.Hour: MaxLate,
	} {
		require.Equal(t, want, Lateness(late), late)
		s := Stamp{Sequence: 1, End: 1, Sent: example.Sent, Late: Lateness(late)}
		from, to := s.Published()
		published := s.Sent.Add(max(0, late))
		require.False(t, published.Before(from), late)
		require.True(t, to.IsZero() == (want == MaxLate) && (to.IsZero() || !published.After(to)), late)
	}
}
