package stamp

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPatternFindsTheSendTime(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_601_101_219_641)
	for _, test := range []struct {
		expression, data string
		sent             time.Time
	}{
		{`room-(\d{13})`, `{"title":"room-1601101219641"}`, at},
		{`^Broadcast: (\d+)`, "Broadcast: 1601101219641", at},
		{`t=([\d.]+)`, "t=1601101219641.25", at.Add(250 * time.Microsecond)},
	} {
		pattern, err := NewPattern(test.expression)
		require.NoError(t, err)
		sent, ok := pattern.Find([]byte(test.data))
		require.True(t, ok, test.data)
		require.True(t, test.sent.Equal(sent), sent)
	}
}

// What is no time in milliseconds is found all the same, as one far away, so that whoever
// wrote the pattern can be told.
func TestPatternOfAnotherUnit(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]time.Time{
		"1601101219":             time.UnixMicro(1_601_101_219_000),
		"4000000000000000":       time.UnixMicro(4_000_000_000_000_000_000),
		"1601101219641000000":    time.UnixMicro(1 << 62),
		"-1601101219641000000":   time.UnixMicro(-(1 << 62)),
		"5000000000000000":       time.UnixMicro(1 << 62),
		"1e300":                  time.UnixMicro(1 << 62),
		"-1e300":                 time.UnixMicro(-(1 << 62)),
		"Inf":                    time.UnixMicro(1 << 62),
		"-0":                     time.UnixMicro(0),
		"-1601101219641":         time.UnixMicro(-1_601_101_219_641_000),
		"1601101219641.00000001": time.UnixMicro(1_601_101_219_641_000),
	} {
		pattern, err := NewPattern(`(?s)(.*)`)
		require.NoError(t, err)
		sent, ok := pattern.Find([]byte(data))
		require.True(t, ok, data)
		require.Equal(t, want, sent, data)
	}
}

func TestPatternFindsNothing(t *testing.T) {
	t.Parallel()
	for expression, data := range map[string]string{
		`room-(\d{13})`:  "room-160110121964",
		`room-(.*)`:      "room-yesterday",
		`at (.*)`:        "at NaN",
		`is (.*)`:        "is ",
		`in (.*)`:        "in 1e400",
		`room(-\d{13})?`: "room",
	} {
		pattern, err := NewPattern(expression)
		require.NoError(t, err)
		_, ok := pattern.Find([]byte(data))
		require.False(t, ok, data)
	}
}

func TestAPatternHasOneGroup(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{`\d+`, `(\d)(\d)`, `(`} {
		_, err := NewPattern(expression)
		require.Error(t, err, expression)
	}
}

// FuzzPattern reads arbitrary messages by arbitrary expressions. A time that is found is
// the number that the group holds, as far as a time can be so far away.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{`room-(\d{13})`, `{"title":"room-1601101219641"}`},
		{`t=([\d.]+)`, "t=1601101219641.25"},
		{`(.*)`, "1e300"},
		{`(.*)`, "-Inf"},
		{`(.*)`, "NaN"},
		{`(.*)`, "0x1p62"},
		{`(\d+)?`, "room"},
		{`(?i:(\d*))$`, "1601101219641000000"},
		{`(`, ""},
		{`((?:a{0,9}){0,9})`, "aaaa"},
		{"(\xff)", "\xff"},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, expression string, data []byte) {
		pattern, err := NewPattern(expression)
		if err != nil {
			require.Nil(t, pattern)
			return
		}
		sent, ok := pattern.Find(data)
		if !ok {
			require.True(t, sent.IsZero())
			return
		}
		millis, err := strconv.ParseFloat(string(regexp.MustCompile(expression).FindSubmatch(data)[1]), 64)
		require.NoError(t, err)
		const farthest = 1 << 62
		switch {
		case millis >= farthest/1000:
			require.Equal(t, int64(farthest), sent.UnixMicro())
		case millis <= -farthest/1000:
			require.Equal(t, int64(-farthest), sent.UnixMicro())
		default:
			require.Equal(t, int64(millis*1000), sent.UnixMicro())
		}
	})
}
