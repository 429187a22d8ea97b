package realtime

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

func endFrame(id string) []byte { return []byte("end " + id) }

func TestNothingBeginsBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	s := NewSubscriptions(nil)
	_, err := s.Begin()
	require.ErrorIs(t, err, ErrNotAcknowledged)
	_, err = s.NewID()
	require.ErrorIs(t, err, ErrNotAcknowledged)
}

// A connection that was refused stays so, whatever comes afterwards.
func TestNothingBeginsAfterARefusal(t *testing.T) {
	t.Parallel()
	s, err := NewSubscriptions([][]byte{[]byte("start 1")}), &dialect.Error{Name: Other}
	require.Equal(t, dialect.Event{Kind: dialect.Refusal, Err: err}, s.Fail(nil, err))
	require.Equal(t, dialect.Event{}, s.Acknowledge(nil))
	_, beginErr := s.Begin()
	require.ErrorIs(t, beginErr, ErrNotAcknowledged)
}

// Requests of other kinds have ids of the same sequence, which begins after the handshake's.
func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	s := NewSubscriptions([][]byte{[]byte("start 1"), []byte("start 2")})
	s.Acknowledge(nil)
	first, err := s.NewID()
	require.NoError(t, err)
	second, err := s.Begin()
	require.NoError(t, err)
	require.Equal(t, []string{"3", "4"}, []string{first, second})
	require.Nil(t, s.Find([]byte(first)), "it is no subscription")
}

// What is over is forgotten, so that a long session doesn't grow.
func TestSubscriptionsDoNotGrow(t *testing.T) {
	t.Parallel()
	s := NewSubscriptions(nil)
	s.Acknowledge(nil)
	for range 100 {
		for _, end := range []func(id string){
			func(id string) { s.Fail([]byte(id), &dialect.Error{}) },
			func(string) { s.Fail(nil, &dialect.Error{}) },
			func(id string) {
				require.Equal(t, dialect.Progress, s.Started([]byte(id), endFrame).Kind)
				require.Equal(t, "end "+id, string(s.Stop(id, endFrame)))
				require.Empty(t, s.StopAll(endFrame))
				require.Equal(t, Stopping, s.Find([]byte(id)).State)
				s.Forget(id)
			},
		} {
			id, err := s.Begin()
			require.NoError(t, err)
			require.Equal(t, id, s.Name([]byte(id)))
			end(id)
			require.Empty(t, s.Name([]byte(id)))
			require.Empty(t, s.begun)
		}
	}
}
