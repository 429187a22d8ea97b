// Command bench measures the extension beside plain k6 scripts, on this machine
// and in one run, and prints tables for docs/benchmarks.md. All load stays on the
// loopback interface.
//
//	go run ./bench            all tables, as make bench does
//	go run ./bench tables truth cost blog sustained
//	go run ./bench hold       many connections, see bench/150k.sh
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	k6 := os.Getenv("K6")
	if k6 == "" {
		k6 = "./k6"
	}
	command := "tables"
	if len(args) > 0 && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	switch command {
	case "tables":
		return tables(ctx, k6, args)
	case "hold":
		return hold(ctx, k6, args)
	default:
		return fmt.Errorf("unknown command %q", command)
	}
}

const (
	native = "bench/scripts/native.js"
	plain  = "bench/scripts/plain.js"
)

// tables is the command of that name.
func tables(ctx context.Context, k6 string, args []string) error {
	flags := flag.NewFlagSet("tables", flag.ContinueOnError)
	scale := flags.Float64("scale", 1, "share of the full number of listeners")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &bench{ctx: ctx, k6: k6, scale: *scale}
	parts := map[string]func(){"truth": b.truth, "cost": b.cost, "blog": b.blog, "sustained": b.sustained}
	wanted := flags.Args()
	if len(wanted) == 0 {
		wanted = []string{"truth", "cost", "blog", "sustained"}
	}
	for _, name := range wanted {
		part := parts[name]
		if part == nil {
			return fmt.Errorf("unknown table %q", name)
		}
		part()
	}
	return b.err
}

// bench runs one load after another until one fails.
type bench struct {
	ctx   context.Context // one run from beginning to end
	k6    string
	scale float64
	err   error
}

func (b *bench) measure(l load) *measured {
	if b.err != nil {
		return &measured{}
	}
	m, err := measure(b.ctx, b.k6, l)
	if err != nil {
		b.err = fmt.Errorf("%s, %d listeners of %s: %w", l.script, l.listeners, l.gateway, err)
		return &measured{}
	}
	return m
}

// listeners scales a number of listeners, to whole VUs.
func (b *bench) listeners(n, perVU int) int {
	return max(int(float64(n)*b.scale)/perVU, 1) * perVU
}

// truth holds the delay that is reported against the delay that was.
func (b *bench) truth() {
	const perVU = 500
	n := b.listeners(10_000, perVU)
	common := load{listeners: n, broadcasts: 20, rate: 1, serve: []string{"--fanout", "2"}}
	fmt.Printf("Delay with %d listeners, 20 broadcasts, 1 a second (ms)\n\n", n)
	fmt.Println("| listeners | deliveries | mean | gateway's mean | p95 | gateway's p95 | read lag, mean |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, row := range []struct {
		name, script, gateway string
		perVU                 int
	}{
		{"pushgw, API Gateway", native, "apigw", perVU},
		{"pushgw, AppSync", native, "appsync", perVU},
		{"plain k6/ws, API Gateway", plain, "apigw", 1},
	} {
		l := common
		l.script, l.gateway, l.perVU = row.script, row.gateway, row.perVU
		m := b.measure(l)
		if b.err != nil {
			return
		}
		fmt.Printf("| %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n",
			row.name, m.received, m.delay.Mean, m.truth.Mean, m.delay.P95, m.truth.P95, m.lag.Mean)
	}
	fmt.Println()
}

// cost measures what one listener and one delivery cost the k6 process.
func (b *bench) cost() {
	fmt.Println("Cost in the k6 process")
	fmt.Println()
	fmt.Println("| listeners | number | kB resident each | ms CPU to connect and join, each | µs CPU per delivery |")
	fmt.Println("|---|---|---|---|---|")
	for _, row := range []struct {
		name, script, gateway string
		tls                   bool
		number, perVU         int
	}{
		{"pushgw, API Gateway, ws", native, "apigw", false, 15_000, 500},
		{"pushgw, API Gateway, wss", native, "apigw", true, 15_000, 500},
		{"pushgw, AppSync, ws", native, "appsync", false, 15_000, 500},
		{"pushgw, API Gateway, ws, one per VU", native, "apigw", false, 10_000, 1},
		{"plain k6/ws, API Gateway, ws", plain, "apigw", false, 10_000, 1},
	} {
		l := load{script: row.script, gateway: row.gateway, tls: row.tls, broadcasts: 20, rate: 1, serve: []string{"--fanout", "2"}}
		l.listeners, l.perVU = b.listeners(row.number, row.perVU), row.perVU
		many := b.measure(l)
		l.listeners, l.perVU, l.broadcasts = 1, 1, 0
		one := b.measure(l)
		if b.err != nil {
			return
		}
		n := b.listeners(row.number, row.perVU)
		fmt.Printf("| %s | %d | %.1f | %.2f | %.1f |\n", row.name, n,
			perListener(many, one, n)/1000,
			(many.ready.cpu-many.begin.cpu).Seconds()*1000/float64(n),
			float64(many.perDelivery().Nanoseconds())/1000)
	}
	fmt.Println()
}
