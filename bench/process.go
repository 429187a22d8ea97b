package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is a program under measurement.
type process struct {
	command *exec.Cmd
	lines   *bufio.Scanner // what it prints
}

func start(ctx context.Context, env []string, name string, args ...string) (*process, error) {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // our own k6
	// A k6 script's every VU keeps a copy of all variables: no more than there need be.
	command.Env = slices.Concat(env, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "K6_AUTO_EXTENSION_RESOLUTION=false"})
	// k6 ends an interrupted test in order; only if it doesn't is it killed.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &process{command: command, lines: bufio.NewScanner(output)}, nil
}

// line waits for the next line that begins with prefix, and returns what follows it.
func (p *process) line(prefix string) (string, error) {
	for p.lines.Scan() {
		if rest, ok := strings.CutPrefix(p.lines.Text(), prefix); ok {
			return strings.TrimSpace(rest), nil
		}
	}
	return "", fmt.Errorf("%s ended before it said %q: %w", p.command.Path, prefix, io.ErrUnexpectedEOF)
}

// mark waits for a mark of a script's, and says what has been used until then.
func (p *process) mark(name string) (usage, error) {
	if _, err := p.line("MARK " + name); err != nil {
		return usage{}, err
	}
	return p.usage()
}

// later says what will have been used when some time has passed.
func (p *process) later(after time.Duration) <-chan usage {
	used := make(chan usage, 1)
	time.AfterFunc(after, func() {
		u, _ := p.usage() // one that has ended uses nothing
		used <- u
	})
	return used
}

// count waits for a number that a script prints.
func (p *process) count(name string) (int64, error) {
	text, err := p.line(name + " ")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// usage is what a process has used up to one moment.
type usage struct {
	cpu      time.Duration // user and system
	resident int64         // bytes
}

// clockTick is the unit of /proc/[pid]/stat's times (proc(5)); Linux fixes it at
// a hundredth of a second.
const clockTick = 10 * time.Millisecond

func (p *process) usage() (usage, error) {
	proc := "/proc/" + strconv.Itoa(p.command.Process.Pid)
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return usage{}, err
	}
	// The name, in parentheses, may hold anything; the fields behind it don't.
	_, behind, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(behind)
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	pages, err3 := strconv.ParseInt(fields[21], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return usage{}, fmt.Errorf("%s/stat is not as proc(5) says", proc)
	}
	return usage{cpu: time.Duration(user+system) * clockTick, resident: pages * int64(os.Getpagesize())}, nil
}

// stop ends the process in order.
func (p *process) stop() {
	_ = p.command.Process.Signal(os.Interrupt)
	_ = p.wait()
}

// wait waits until the process ends by itself, and passes on what it complains of.
func (p *process) wait() error {
	for p.lines.Scan() {
		if line := p.lines.Text(); strings.Contains(line, "level=error") {
			fmt.Fprintln(os.Stderr, line)
		}
	}
	return p.command.Wait()
}
