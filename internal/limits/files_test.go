package limits

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"2798\t98\t2466170\n": 2700,
		"98\t2798\t2466170\n": 0, // read while it changes
	} {
		s := system(map[string]string{"proc/sys/fs/file-nr": text})
		limit, open, err := s.SystemFiles()
		require.NoError(t, err)
		require.EqualValues(t, 2466170, limit)
		require.Equal(t, want, open)
	}
	limit, err := system(map[string]string{"proc/sys/fs/nr_open": "1048576\n"}).MaxOpenFiles()
	require.NoError(t, err)
	require.EqualValues(t, 1048576, limit)
}
