package main

import (
	"strings"
	"testing"
)

func TestAccuracy(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "truth"), []int{2, 3, 4}, "100 200 200", "100 200 200", "100 200 200")
}

func TestCost(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "cost"), []int{2}, "150", "150", "150", "100", "100")
}

func TestArticle(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "blog"), []int{2, 3, 4},
		"1 2 2", "10 20 20", "1 2 2", "10 20 20", "100 200 200", "1 2 2", "10 20 20", "100 200 200", "1 2 2", "10 20 20", "100 200 200")
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "wide"), []int{1, 2, 3, 4}, "100 2 200 200", "100 2 200 200")
}

func TestSustained(t *testing.T) {
	t.Parallel()
	requireRows(t, small(t, "tables", "-scale", "0.01", "sustained"), []int{2, 4, 5}, "on 300 300", "off 300 300", "on 300 300", "off 300 300")
}

func TestCapacity(t *testing.T) {
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
