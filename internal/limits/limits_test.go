package limits

import (
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	s := system(map[string]string{"two": " 1\t18446744073709551615\n", "hex": "0x10", "word": "1 max"})
	for atLeast := range 3 {
		numbers, err := s.numbers("two", atLeast)
		require.NoError(t, err)
		require.Equal(t, []uint64{1, 1<<64 - 1}, numbers)
	}
	_, err := s.numbers("two", 3)
	require.EqualError(t, err, "two: unexpected format")
	_, err = s.numbers("hex", 1)
	require.EqualError(t, err, `hex: strconv.ParseUint: parsing "0x10": invalid syntax`)
	_, err = s.numbers("word", 1)
	require.ErrorContains(t, err, "word: ")
	_, err = s.numbers("none", 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// readers are all methods that read files.
var readers = map[string]func(System) error{
	"ports":           func(s System) error { _, err := s.Ports(); return err },
	"system files":    func(s System) error { _, _, err := s.SystemFiles(); return err },
	"max open files":  func(s System) error { _, err := s.MaxOpenFiles(); return err },
	"TCP memory":      func(s System) error { _, err := s.TCPMemory(); return err },
	"TCP min buffers": func(s System) error { _, _, err := s.TCPMinBuffers(); return err },
	"TIME-WAIT":       func(s System) error { _, err := s.TimeWait(); return err },
	"memory":          func(s System) error { _, err := s.Memory(); return err },
	"conntrack":       func(s System) error { _, err := s.Conntrack(); return err },
}

func TestSystemWithoutTheFiles(t *testing.T) {
	t.Parallel()
	for name, read := range readers {
		require.ErrorIs(t, read(system(nil)), fs.ErrNotExist, name)
	}
}

func TestFilesInAnUnexpectedFormat(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", "many\n", "-1 -1 -1\n", "TCP: inuse\n", "3-x 3 3\n"} {
		s := system(map[string]string{
			"proc/sys/net/ipv4/ip_local_port_range":     odd,
			"proc/sys/net/ipv4/ip_local_reserved_ports": odd,
			"proc/sys/fs/file-nr":                       odd,
			"proc/sys/fs/nr_open":                       odd,
			"proc/sys/net/ipv4/tcp_mem":                 odd,
			"proc/sys/net/ipv4/tcp_rmem":                odd,
			"proc/net/sockstat":                         odd,
			"proc/meminfo":                              "MemAvailable: " + odd,
			"proc/sys/net/netfilter/nf_conntrack_max":   odd,
		})
		for name, read := range readers {
			err := read(s)
			require.Error(t, err, name)
			require.False(t, errors.Is(err, fs.ErrNotExist), name)
		}
	}
}

// Each file that is missing or short by one number is an error of its own.
func TestEveryFileIsNeeded(t *testing.T) {
	t.Parallel()
	whole := func() map[string]string {
		return map[string]string{
			"proc/sys/net/ipv4/ip_local_port_range":     "32768 60999",
			"proc/sys/net/ipv4/ip_local_reserved_ports": "",
			"proc/sys/fs/file-nr":                       "1 2 3",
			"proc/sys/net/ipv4/tcp_mem":                 "1 2 3",
			"proc/sys/net/ipv4/tcp_rmem":                "1 2 3",
			"proc/sys/net/ipv4/tcp_wmem":                "1 2 3",
			"proc/net/sockstat":                         sockstat,
		}
	}
	for path, reader := range map[string]string{
		"proc/sys/net/ipv4/ip_local_port_range":     "ports",
		"proc/sys/net/ipv4/ip_local_reserved_ports": "ports",
		"proc/sys/fs/file-nr":                       "system files",
		"proc/sys/net/ipv4/tcp_mem":                 "TCP memory",
		"proc/net/sockstat":                         "TCP memory",
		"proc/sys/net/ipv4/tcp_rmem":                "TCP min buffers",
		"proc/sys/net/ipv4/tcp_wmem":                "TCP min buffers",
	} {
		files := whole()
		require.NoError(t, readers[reader](system(files)), path)
		delete(files, path)
		require.ErrorIs(t, readers[reader](system(files)), fs.ErrNotExist, path)
		if path == "proc/sys/net/ipv4/ip_local_reserved_ports" { // an empty list is in order
			continue
		}
		files[path] = "1 2"
		if path == "proc/sys/net/ipv4/ip_local_port_range" {
			files[path] = "1"
		}
		require.ErrorIs(t, readers[reader](system(files)), errFormat, path)
	}
}

func TestLocalSystem(t *testing.T) {
	t.Parallel()
	limit, err := Local().OpenFiles()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the system has no such limit")
	}
	require.NoError(t, err)
	require.Positive(t, limit)
	ports, err := Local().Ports()
	if runtime.GOOS == "linux" {
		require.NoError(t, err)
		require.Positive(t, ports.Free())
	} else {
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}
