package appsync

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnlyTheLatestRoomsAreKept(t *testing.T) {
	t.Parallel()
	var s rooms
	require.Empty(t, s.list(10))
	require.Nil(t, s.get(""))
	var ids []string
	for i := range 2*maxRooms + 10 { // the ring goes around twice
		r := s.create(fmt.Sprint(i), nil)
		ids = append(ids, r.id)
		require.Same(t, r, s.get(r.id))
		require.Same(t, r, s.list(1)[0])
		require.Len(t, s.list(maxRooms+1), min(i+1, maxRooms))
	}
	for i, r := range s.list(maxRooms) {
		require.Equal(t, fmt.Sprint(2*maxRooms+10-1-i), r.title)
	}
	require.Empty(t, s.list(0))
	require.Empty(t, s.list(-1))
	require.Nil(t, s.get(ids[maxRooms+9]))
	require.NotNil(t, s.get(ids[maxRooms+10]))
}

func TestRoomsAreDatedInUTC(t *testing.T) {
	t.Parallel()
	var s rooms
	begin := time.Now().Truncate(time.Millisecond)
	created, err := time.Parse("2006-01-02T15:04:05.000Z", s.create("x", nil).createdAt)
	require.NoError(t, err)
	require.WithinRange(t, created, begin, time.Now())
}
