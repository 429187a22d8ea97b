package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// small is a run of three processes that takes little time to make up.
var small = story{
	run: "small", gateway: "apigw", processes: 3, listeners: 40, broadcasts: 20,
	every: 500 * time.Millisecond, delay: 20 * time.Millisecond, lag: 300 * time.Microsecond, dropped: 0.05,
}

func TestFilesAndDirectoriesAreRead(t *testing.T) {
	t.Parallel()
	files := small.files()
	directory := save(t, files...)
	require.NoError(t, os.WriteFile(filepath.Join(directory, "other.json"), []byte("{}"), 0o600))
	all, err := Load([]string{directory})
	require.NoError(t, err)
	require.Len(t, all.Files, 3)
	require.Empty(t, all.Damaged)
	one, err := Load([]string{filepath.Join(directory, files[1].Name())})
	require.NoError(t, err)
	require.Len(t, one.Files, 1)
	require.Equal(t, 2, one.Files[0].Process)
}

// A file that can't be used is named, and the others are.
func TestDamagedFilesAreNamed(t *testing.T) {
	t.Parallel()
	files := small.files()
	directory := save(t, files...)
	torn := filepath.Join(directory, files[1].Name())
	text, err := os.ReadFile(torn)
	require.NoError(t, err)
	for content, why := range map[string]string{
		string(text[:len(text)/2]): "torn",
		"":                         "torn",
		"{}":                       "no result file",
		`{"version":2}`:            "of version 2",
		`{"version":1,"process":4,"processes":3}`:                                                         "process 4 of 3",
		`{"version":1,"process":1,"processes":3}`:                                                         "missing",
		`{"version":1,"process":1,"processes":3,"intervals":{"length":1000,"list":[]},"accounts":[null]}`: "missing",
	} {
		require.NoError(t, os.WriteFile(torn, []byte(content), 0o600))
		in, err := Load([]string{directory})
		require.NoError(t, err)
		require.Len(t, in.Files, 2)
		require.Len(t, in.Damaged, 1)
		require.Contains(t, in.Damaged[0], files[1].Name())
		require.Contains(t, in.Damaged[0], why, content)
		runs := in.Join(false)
		require.True(t, runs[0].Incomplete)
		require.Equal(t, []int{2}, runs[0].Missing)
		require.Equal(t, append(in.Damaged, "process 2 of 3 has left no file that can be used: what its listeners received and lost isn't known"),
			runs[0].Unknown)
	}
}

func TestAnUnfinishedWriteIsNamed(t *testing.T) {
	t.Parallel()
	directory := save(t, small.files()...)
	require.NoError(t, os.WriteFile(filepath.Join(directory, "pushgw-small-2of3.json.part"), []byte("{"), 0o600))
	in, err := Load([]string{directory})
	require.NoError(t, err)
	require.Len(t, in.Files, 3)
	require.Len(t, in.Damaged, 1)
	require.Contains(t, in.Damaged[0], "never finished")
}

func TestNothingToRead(t *testing.T) {
	t.Parallel()
	_, err := Load([]string{t.TempDir()})
	require.ErrorContains(t, err, "there is no result file")
	_, err = Load([]string{filepath.Join(t.TempDir(), "nowhere")})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A report is its own input, and says the same as the files it was made of.
func TestAReportIsItsOwnInput(t *testing.T) {
	t.Parallel()
	in := &Input{Files: small.files()}
	var page bytes.Buffer
	require.NoError(t, in.WritePage(&page, in.Join(false), nil))
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, page.Bytes(), 0o600))
	again, err := Load([]string{path})
	require.NoError(t, err)
	require.Empty(t, again.Damaged)
	var first, second bytes.Buffer
	require.NoError(t, WriteJSON(&first, in.Join(false), nil))
	require.NoError(t, WriteJSON(&second, again.Join(false), nil))
	require.Equal(t, first.String(), second.String())
}

// Of two files of one process the later counts: a report beside its files, or an older copy.
func TestTheLaterFileCounts(t *testing.T) {
	t.Parallel()
	older, later := small.files()[0], small.files()[0]
	later.Written = later.Written.Add(time.Second)
	for _, files := range [][]*result.File{{older, later}, {later, older}} {
		in := &Input{}
		for _, f := range files {
			in.add(f)
		}
		require.Equal(t, []*result.File{later}, in.Files)
	}
}
