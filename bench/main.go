// Command bench measures the extension beside plain k6 scripts, on this machine
// and in one run, and prints tables for docs/benchmarks.md. All load stays on the
// loopback interface.
//
//	go run ./bench            all tables, as make bench does
//	go run ./bench tables truth cost blog wide sustained
//	go run ./bench hold       many connections, see bench/150k.sh
//
// Where a count isn't what it has to be, the command fails.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, cmp.Or(os.Getenv("K6"), "./k6"), os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, k6 string, args []string) error {
	command := "tables"
	if len(args) > 0 && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	switch command {
	case "tables":
		return tables(ctx, out, k6, args)
	case "hold":
		return hold(ctx, out, k6, args)
	default:
		return fmt.Errorf("unknown command %q", command)
	}
}

const (
	native = "bench/scripts/native.js"
	plain  = "bench/scripts/plain.js"
)

// tables is the command of that name.
func tables(ctx context.Context, out io.Writer, k6 string, args []string) error {
	flags := flag.NewFlagSet("tables", flag.ContinueOnError)
	scale := flags.Float64("scale", 1, "share of the full number of listeners and broadcasts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &bench{ctx: ctx, out: out, k6: k6, scale: *scale}
	parts := map[string]func(){
		"truth": b.accuracy, "cost": b.cost, "blog": b.article, "wide": b.twoProcesses, "sustained": b.sustained,
	}
	wanted := flags.Args()
	if len(wanted) == 0 {
		wanted = []string{"truth", "cost", "blog", "wide", "sustained"}
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
	out   io.Writer
	k6    string
	scale float64
	err   error
}

// measure is nil once anything has failed.
func (b *bench) measure(l load) *measured {
	if b.err != nil {
		return nil
	}
	m, err := measure(b.ctx, b.k6, l)
	if err != nil {
		b.err = fmt.Errorf("%s, %d listeners of %s: %w", l.script, l.listeners, l.gateway, err)
		return nil
	}
	return m
}

func (b *bench) printf(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format, args...) }

// table prints a heading and what stands above the columns.
func (b *bench) table(heading string, columns ...string) {
	b.printf("%s\n\n|", heading)
	for _, column := range columns {
		b.printf(" %s |", column)
	}
	b.printf("\n|%s\n", strings.Repeat("---|", len(columns)))
}

// listeners scales a number of listeners, to whole VUs.
func (b *bench) listeners(n, perVU int) int {
	return max(int(float64(n)*b.scale)/perVU, 1) * perVU
}

// broadcasts scales a number of broadcasts.
func (b *bench) broadcasts(n int) int { return max(int(float64(n)*b.scale), 2) }

// perVU is how many listeners a VU has where it may have many.
func (b *bench) perVU() int { return max(int(500*b.scale), 1) }
