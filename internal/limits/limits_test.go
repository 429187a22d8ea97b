package limits

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system is one with these files, and a limit of 20000 on open ones.
func system(files map[string]string) System {
	root := make(fstest.MapFS)
	for path, text := range files {
		root[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return System{Root: root, OpenFiles: func() (uint64, error) { return 20_000, nil }}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	for reserved, count := range map[string]int{
		"\n":                                    0,
		"8080\n":                                0,
		"32768\n":                               1,
		"32767-32769\n":                         2,
		"8080,32768-32770,40000,60999-61001\n":  5,
		"1-65535\n":                             28232,
		"61000-65535\n":                         0,
		"50000-50009,50100-50109,50200-50209\n": 30,
	} {
		s := system(map[string]string{
			"proc/sys/net/ipv4/ip_local_port_range":     "32768\t60999\n",
			"proc/sys/net/ipv4/ip_local_reserved_ports": reserved,
		})
		p, err := s.Ports()
		require.NoError(t, err)
		require.Equal(t, Ports{First: 32768, Last: 60999, Reserved: count}, p, reserved)
		require.Equal(t, 28232-count, p.Free())
	}
}

func TestSystemFiles(t *testing.T) {
	t.Parallel()
	s := system(map[string]string{"proc/sys/fs/file-nr": "2798\t98\t2466170\n", "proc/sys/fs/nr_open": "1048576\n"})
	most, open, err := s.SystemFiles()
	require.NoError(t, err)
	require.EqualValues(t, 2466170, most)
	require.EqualValues(t, 2700, open)
	most, err = s.MostOpenFiles()
	require.NoError(t, err)
	require.EqualValues(t, 1048576, most)
}

const sockstat = `sockets: used 2018
TCP: inuse 2002 orphan 0 tw 1038 alloc 2003 mem 183
UDP: inuse 0 mem 7
`

func TestTCP(t *testing.T) {
	t.Parallel()
	s := system(map[string]string{
		"proc/sys/net/ipv4/tcp_mem":  "287898\t383867\t575796\n",
		"proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t33554432\n",
		"proc/sys/net/ipv4/tcp_wmem": "8192\t16384\t4194304\n",
		"proc/net/sockstat":          sockstat,
	})
	memory, err := s.TCPMemory()
	require.NoError(t, err)
	require.Equal(t, TCPMemory{Pressure: 383867, Most: 575796, Used: 183}, memory)
	waiting, err := s.TimeWait()
	require.NoError(t, err)
	require.Equal(t, 1038, waiting)
	received, sent, err := s.TCPLeast()
	require.NoError(t, err)
	require.Equal(t, [2]uint64{4096, 8192}, [2]uint64{received, sent})
}

func TestConntrack(t *testing.T) {
	t.Parallel()
	files := map[string]string{"proc/sys/net/ipv4/tcp_mem": "1 2 3"}
	c, err := system(files).Conntrack()
	require.NoError(t, err)
	require.Equal(t, Conntrack{}, c)

	files["proc/sys/net/netfilter/nf_conntrack_max"] = "262144\n"
	files["proc/sys/net/netfilter/nf_conntrack_count"] = "17\n"
	c, err = system(files).Conntrack()
	require.NoError(t, err)
	require.Equal(t, Conntrack{Loaded: true, Most: 262144, Count: 17}, c)
}

// readers are all that read files.
var readers = map[string]func(System) error{
	"ports":      func(s System) error { _, err := s.Ports(); return err },
	"files":      func(s System) error { _, _, err := s.SystemFiles(); return err },
	"most files": func(s System) error { _, err := s.MostOpenFiles(); return err },
	"tcp":        func(s System) error { _, err := s.TCPMemory(); return err },
	"least":      func(s System) error { _, _, err := s.TCPLeast(); return err },
	"time wait":  func(s System) error { _, err := s.TimeWait(); return err },
	"memory":     func(s System) error { _, err := s.Memory(); return err },
	"conntrack":  func(s System) error { _, err := s.Conntrack(); return err },
}

func TestAnotherSystemHasNothingToRead(t *testing.T) {
	t.Parallel()
	for name, read := range readers {
		require.ErrorIs(t, read(system(nil)), fs.ErrNotExist, name)
	}
}

func TestWhatIsReadIsOfAnotherForm(t *testing.T) {
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
	s := system(map[string]string{
		"proc/sys/net/ipv4/ip_local_port_range": "1024 65535", "proc/sys/net/ipv4/ip_local_reserved_ports": "80 - 90",
	})
	_, err := s.Ports()
	require.ErrorIs(t, err, errForm)
}

func TestThisSystem(t *testing.T) {
	t.Parallel()
	most, err := Local().OpenFiles()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("it has no such limit")
	}
	require.NoError(t, err)
	require.Positive(t, most)
	if p, err := Local().Ports(); err == nil {
		require.Positive(t, p.Free())
	}
}
