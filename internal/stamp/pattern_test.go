package stamp

import (
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

func TestPatternFindsNothing(t *testing.T) {
	t.Parallel()
	for expression, data := range map[string]string{
		`room-(\d{13})`:  "room-160110121964",
		`room-(.*)`:      "room-yesterday",
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
