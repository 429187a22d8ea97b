package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// writer returns a writer to a new directory, which requires that no write fails.
func writer(t *testing.T) *Writer {
	t.Helper()
	return &Writer{
		Directory: filepath.Join(t.TempDir(), "new", "results"), Collector: NewCollector(),
		Connections: func() int64 { return 7 }, Listening: func() map[string]int64 { return map[string]int64{"apigw": 4, "events": 2} },
		Clock:  func() Clock { return Clock{true, 150, "boot"} },
		Failed: func(err error) { require.NoError(t, err) },
	}
}

// read returns the file of a process when it has been written.
func read(t *testing.T, w *Writer, id Identity) *File {
	t.Helper()
	var text []byte
	require.Eventually(t, func() (found bool) {
		var err error
		text, err = os.ReadFile(filepath.Join(w.Directory, id.Name()))
		return err == nil
	}, 2*time.Minute, time.Millisecond)
	f := &File{}
	require.NoError(t, json.Unmarshal(text, f))
	return f
}

// The file is there as soon as the process has begun, because it may be killed at any time.
func TestTheFileIsWrittenAtOnceAndAtTheEnd(t *testing.T) {
	t.Parallel()
	w := writer(t)
	id := Identity{"run", 2, 3}
	w.Start(id, Setup{K6: "v2"})
	w.Start(Identity{"another", 1, 1}, Setup{})
	f := read(t, w, id)
	require.Equal(t, Running, f.State)
	require.Nil(t, f.Ended)

	w.Collector.SeriesBegun(OriginOf("apigw", 1), 3)
	w.End()
	f = read(t, w, id)
	require.Equal(t, Version, f.Version)
	require.Equal(t, id, f.Identity)
	require.Equal(t, Ended, f.State)
	require.False(t, f.Ended.After(f.Written))
	require.Nil(t, f.Conclusion)
	require.False(t, f.Started.After(f.Written))
	require.Equal(t, Clock{true, 150, "boot"}, f.Clock)
	require.Equal(t, "v2", f.Setup.K6)
	require.Len(t, f.Accounts, 1)
	last := f.Intervals.List[len(f.Intervals.List)-1]
	require.EqualValues(t, 7, last.Connections)
	require.EqualValues(t, 6, last.Listening)
	files, err := os.ReadDir(w.Directory)
	require.NoError(t, err)
	require.Len(t, files, 1, "no part of a file is left")
}

// How the test ended is told some time after its end, which may be long: k6 --linger waits.
func TestTheConclusionIsWrittenAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := writer(t)
	id := Identity{"run", 1, 1}
	w.Start(id, Setup{})
	w.End()
	ended := *read(t, w, id).Ended
	w.End()
	w.Conclude(Conclusion{How: AbortedByThreshold, Text: "too many", ExitCode: 99})
	f := read(t, w, id)
	require.True(t, ended.Equal(*f.Ended))
	require.True(t, ended.Equal(f.LastKnown()))
	require.Equal(t, &Conclusion{AbortedByThreshold, "too many", 99}, f.Conclusion)
	require.True(t, f.Conclusion.Aborted())
}

// A process may be killed soon after it has begun to broadcast.
func TestTheFileIsWrittenWhenBroadcastsBegin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // whose time stands still
		w := writer(t)
		id := Identity{"run", 1, 1}
		w.Start(id, Setup{})
		defer w.End()
		synctest.Wait()
		require.Empty(t, read(t, w, id).Accounts)
		w.Collector.SeriesBegun(OriginOf("apigw", 1), 60)
		w.Collector.SeriesBegun(OriginOf("apigw", 2), 60)
		synctest.Wait()
		require.NotEmpty(t, read(t, w, id).Accounts)
		require.EqualValues(t, 60, read(t, w, id).Accounts[0].Planned)
	})
}

// What a busy machine takes is no stall, and neither is a pulse that comes early after a late one.
func TestAProcessThatStoodStill(t *testing.T) {
	t.Parallel()
	w := writer(t)
	now := time.Now()
	for _, gap := range []time.Duration{100 * time.Millisecond, 149 * time.Millisecond, 10 * time.Millisecond, 2100 * time.Millisecond} {
		w.pulse(now, now.Add(gap))
		now = now.Add(gap)
	}
	var stood int64
	for _, i := range w.Collector.Snapshot().Intervals.List {
		stood += i.StoodStill
	}
	require.EqualValues(t, 2_000_000, stood)
}

func TestWhatIsAborted(t *testing.T) {
	t.Parallel()
	for _, how := range []How{Completed, ThresholdsNotMet, MarkedAsFailed} {
		require.False(t, (&Conclusion{How: how, ExitCode: 99}).Aborted(), how)
	}
	for _, how := range []How{AbortedByThreshold, AbortedByScript, Interrupted, Failed, "of another version"} {
		require.True(t, (&Conclusion{How: how, ExitCode: 99}).Aborted(), how)
	}
}

func TestAWriterThatNeverStartedWritesNothing(t *testing.T) {
	t.Parallel()
	w := writer(t)
	w.End()
	w.Conclude(Conclusion{How: Failed})
	w.Start(Identity{"run", 1, 1}, Setup{})
	require.NoDirExists(t, w.Directory)
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := writer(t)
	w.Directory = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(w.Directory, nil, 0o600))
	var failed error
	w.Failed = func(err error) { failed = err }
	w.Start(Identity{"run", 1, 1}, Setup{})
	w.End()
	require.ErrorContains(t, failed, "not a directory")
}
