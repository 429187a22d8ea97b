package stamp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var exampleOpening = &Opening{
	Run: 42, Origin: 0xdeadbeef, Series: 2, Part: 1, First: 7, Planned: 100, Settle: 5 * time.Second,
	Sent: example.Sent, Previous: example.Sent.Add(-time.Minute), ClockError: 250 * time.Microsecond, Confirmed: true, Roll: 3,
	Heard: []Heard{{Process: 1, Answer: 4, Arrived: example.Sent}, {Process: 8, Answer: 1, Arrived: example.Sent.Add(1000)}},
}

// controls are one of each kind.
func controls() []Control {
	return []Control{
		&Roll{Run: 42, Asker: 0xdeadbeef, Number: 3, Sent: example.Sent},
		&Present{
			Run: 42, Asker: 0xdeadbeef, Roll: 3, Process: 2, Processes: 8, Answer: 4, Ready: 100_000, Confirmed: 99_999, Failed: 1,
			CutOff: 2, Left: 3, Coming: 5, RollSent: example.Sent, RollArrived: example.Sent.Add(time.Hour), Sent: example.Sent.Add(time.Hour + 1000),
		},
		&Withdrawal{Run: 42, Asker: 0xdeadbeef, Roll: 3},
		exampleOpening,
		&Closing{
			Run: 42, Origin: 0xdeadbeef, Series: 2, Number: 3, Final: true, First: 7, Last: 106, End: 106, Settle: time.Second,
			Sent: example.Sent, FirstPublished: example.Sent, LastPublished: example.Sent.Add(time.Minute),
			Retracted: []Range{{8, 8}, {20, 31}}, Listed: 7,
		},
	}
}

func TestControlTokensAreReadAsWritten(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "secret"} {
		for _, want := range controls() {
			text := WriteControl(want, []byte(secret))
			require.Regexp(t, `^[a-z0-9-]+$`, text)
			found, rest, damaged, ok := Next([]byte(`{"title":"room-` + text + `"}`))
			require.True(t, ok)
			require.Equal(t, text, string(found.Control))
			require.Equal(t, `"}`, string(rest))
			require.Zero(t, damaged)
			got, err := ReadControl(found.Control, []byte(secret))
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

// Processes may be different builds: the text must never change. What proves it was
// computed by an independent implementation.
func TestGoldenControl(t *testing.T) {
	t.Parallel()
	roll := controls()[0]
	require.Equal(t, "pgwr-03e0000002adeadbeef000000035b0316d723723-0000000098297898", WriteControl(roll, nil))
	require.Equal(t, "pgwr-03e0000002adeadbeef000000035b0316d723723-4949535351dda5fc", WriteControl(roll, []byte("secret")))
	require.Equal(t, "pgwp-0980000002adeadbeef000000030002000800000004000186a00001869f000000010000000200000003000000055b0316d7237235b0324405db235b0324405db24-00000000262e9375", WriteControl(controls()[1], nil))
	require.Equal(t, "pgww-0310000002adeadbeef00000003-00000000d34ea87a", WriteControl(controls()[2], nil))
}

func TestControlTokensNeedTheSecret(t *testing.T) {
	t.Parallel()
	for made, read := range map[string]string{"": "secret", "secret": "", "one": "another"} {
		text := WriteControl(exampleOpening, []byte(made))
		_, err := ReadControl([]byte(text), []byte(read))
		require.ErrorIs(t, err, ErrForged)
	}
}

// Every single damaged byte must lead to a refusal, never to another token.
func TestADamagedControlTokenIsRefused(t *testing.T) {
	t.Parallel()
	for _, control := range controls() {
		text := []byte(WriteControl(control, nil))
		for at := range text {
			for _, c := range []byte("0a9f-cg\x00") {
				if text[at] == c {
					continue
				}
				broken := bytes.Clone(text)
				broken[at] = c
				if found, _, _, ok := Next(broken); ok {
					_, err := ReadControl(found.Control, nil)
					require.Error(t, err, "%s", broken)
				}
			}
		}
		for short := range text {
			_, _, _, ok := Next(text[:short])
			require.False(t, ok)
			_, err := ReadControl(text[:short], nil)
			require.Error(t, err)
		}
	}
}

// A text in another format is no token even if it is proved.
func TestTheFieldsOfAControlTokenAreChecked(t *testing.T) {
	t.Parallel()
	for name, control := range map[string]Control{
		"a range that ends before it begins": &Closing{Retracted: []Range{{2, 1}}},
		"too many ranges":                    &Closing{Retracted: make([]Range, MaxRanges+1)},
		"too many answers":                   &Opening{Heard: make([]Heard, MaxHeard+1)},
		"fields left over":                   leftover{},
	} {
		_, err := ReadControl([]byte(WriteControl(control, nil)), nil)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

// leftover is a roll with a field too many.
type leftover struct{ Roll }

func (leftover) kind() byte      { return kindRoll }
func (leftover) fields(c *codec) { c.number(0, 8+8+8+timeDigits+1) }

// An opening that names more processes than one token can hold says it in several.
func TestOpeningsSplit(t *testing.T) {
	t.Parallel()
	for processes, parts := range map[int]int{0: 1, 1: 1, MaxHeard: 1, MaxHeard + 1: 2, 3 * MaxHeard: 3} {
		o := *exampleOpening
		o.Part, o.Heard = 0, make([]Heard, processes)
		for i := range o.Heard {
			o.Heard[i] = Heard{uint16(i), uint32(i), example.Sent}
		}
		var heard []Heard
		split := o.Split()
		require.Len(t, split, parts)
		for i, part := range split {
			require.LessOrEqual(t, len(WriteControl(part, nil)), MaxControl)
			require.EqualValues(t, i, part.Part)
			heard = append(heard, part.Heard...)
		}
		require.Len(t, heard, processes)
		for i, h := range heard {
			require.EqualValues(t, i, h.Process)
		}
	}
}

// Control tokens are no stamps: whoever looks for stamps only finds those between them.
func TestFindSkipsControlTokens(t *testing.T) {
	t.Parallel()
	text := WriteControl(exampleOpening, nil)
	found, rest, damaged, ok := Find([]byte(text + example.String() + text))
	require.True(t, ok)
	require.Zero(t, damaged)
	require.Equal(t, example, found)
	_, _, damaged, ok = Find(rest)
	require.False(t, ok)
	require.Zero(t, damaged)
	_, _, damaged, ok = Find([]byte(strings.Repeat(text[:len(text)-1]+" ", 3)))
	require.False(t, ok)
	require.Equal(t, 3, damaged)
}

func TestDurationsSaturate(t *testing.T) {
	t.Parallel()
	o := Opening{Settle: 100 * 24 * time.Hour, ClockError: -time.Second}
	got, err := ReadControl([]byte(WriteControl(&o, nil)), nil)
	require.NoError(t, err)
	opening, ok := got.(*Opening)
	require.True(t, ok)
	require.Equal(t, (1<<32-1)*time.Millisecond, opening.Settle)
	require.Zero(t, opening.ClockError)
}

func FuzzReadControl(f *testing.F) {
	for _, control := range controls() {
		f.Add([]byte(WriteControl(control, nil)), []byte(nil))
		f.Add([]byte(WriteControl(control, []byte("secret"))), []byte("secret"))
	}
	f.Fuzz(func(t *testing.T, text, secret []byte) {
		control, err := ReadControl(text, secret)
		if err == nil && WriteControl(control, secret) != string(text) {
			t.Fatalf("%q is read as %+v", text, control)
		}
	})
}
