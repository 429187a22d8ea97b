package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "4") // they wait for most of their time
	k6 := os.Getenv("K6")
	if k6 == "" {
		k6 = "../k6"
	}
	k6, _ = filepath.Abs(k6)
	_ = os.Setenv("K6", k6)
	_ = os.Chdir("..") // from where bench is run
	os.Exit(m.Run())
}

// small runs a small copy of a benchmark, for its counts; its times say nothing.
func small(t *testing.T, args ...string) string {
	t.Helper()
	require.FileExists(t, os.Getenv("K6"), "there is no k6 to test: run `make build`, or say with K6=… where it is")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, args))
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

func TestTruth(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "truth"), []int{2, 3, 4}, "100 200 200", "100 200 200", "100 200 200")
}

func TestCost(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "cost"), []int{2}, "150", "150", "150", "100", "100")
}

func TestBlog(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "blog"), []int{2, 3, 4},
		"1 2 2", "10 20 20", "1 2 2", "10 20 20", "100 200 200", "1 2 2", "10 20 20", "100 200 200", "1 2 2", "10 20 20", "100 200 200")
}

func TestWide(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "wide"), []int{1, 2, 3, 4}, "100 2 200 200", "100 2 200 200")
}

func TestSustained(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "sustained"), []int{2, 4, 5}, "on 300 300", "off 300 300", "on 300 300", "off 300 300")
}

func TestHold(t *testing.T) {
	t.Parallel()
	for gateway, joined := range map[string][]string{
		"apigw":   {"`nickname_counter` 400", "`joined_success_counter` 400"},
		"appsync": {"`subscribed_success_counter` 400"},
	} {
		t.Run(gateway, func(t *testing.T) {
			t.Parallel()
			table := small(t, "hold", "-gateway", gateway, "-listeners", "400", "-processes", "4", "-per-vu", "20", "-ramp", "2s", "-hold", "1s")
			counts, _, _ := strings.Cut(table, "| peak")
			want := append([]string{"`ws_sessions` 400"}, joined...)
			requireRows(t, counts, []int{1, 2}, append(want, "`pushgw_connect_failed` 0", "`pushgw_errors` 0", "`pushgw_closed` 400", "`pushgw_closed{by:gateway}` 0")...)
		})
	}
}
