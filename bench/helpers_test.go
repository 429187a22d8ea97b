package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/built"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "4")     // they wait for most of their time
	if err := os.Chdir(".."); err != nil { // from where bench is run
		panic(err)
	}
	os.Exit(m.Run())
}

// small runs a small copy of a benchmark, for its counts; its times say nothing.
func small(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, built.K6(t, "."), args))
	t.Log("\n" + out.String())
	return out.String()
}

// requireRows compares the columns named, by their place.
func requireRows(t *testing.T, table string, columns []int, want ...string) {
	t.Helper()
	var rows []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || strings.HasPrefix(line, "|---") {
			continue
		}
		var row []string
		for _, column := range columns {
			row = append(row, strings.TrimSpace(cells[column]))
		}
		rows = append(rows, strings.Join(row, " "))
	}
	require.Equal(t, want, rows[1:])
}
