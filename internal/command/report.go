package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext"

	"github.com/pushgw/xk6-pushgw/internal/report"
)

// reportOptions are the flags of `k6 x pushgw report`.
type reportOptions struct {
	output, hgrm string
	json         bool
	expect       []string
	correct      bool
}

// newReportCommand is `k6 x pushgw report`, which joins the result files of a test's
// processes.
func newReportCommand(gs *state.GlobalState) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report FILES|DIRECTORIES...",
		Short: "Join the result files of all processes: a verdict, an exit code and a page",
		Long: "Join the result files that the processes of a test wrote (PUSHGW_RESULT), print the verdict, and write a page.\n" +
			"Several runs are compared. A report is its own input: give one in place of the files it was made of.\n" +
			"The exit code is 1 where the verdict is FAIL: an expectation isn't met, a process is missing or has not ended, the test was aborted, k6's own\n" +
			"thresholds aren't met in a process, or it isn't known what was lost.\n" +
			"Without --expect, losses that are known are no failure.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, paths []string) error { return o.run(gs.Stdout, paths) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.output, "output", "o", "", "write the page to this file (.html)")
	flags.BoolVar(&o.json, "json", false, "print the numbers as JSON in place of the text")
	flags.StringArrayVar(&o.expect, "expect", nil, "what must hold, such as 'lost==0', 'p99<500' (ms) or 'reach>=0.999'; may be repeated")
	flags.BoolVar(&o.correct, "correct-clocks", false, "correct delays between clocks that are known to differ")
	flags.StringVar(&o.hgrm, "hgrm", "", "write the percentiles of each run and gateway to this directory, for HdrHistogram's plotters")
	return cmd
}

func (o *reportOptions) run(w io.Writer, paths []string) error {
	var expectations []report.Expectation
	for _, text := range o.expect {
		e, err := report.ParseExpectation(text)
		if err != nil {
			return fmt.Errorf("--expect: %w", err)
		}
		expectations = append(expectations, e)
	}
	in, err := report.Load(paths)
	if err != nil {
		return err
	}
	runs := in.Join(o.correct)
	outcomes := report.CheckAll(expectations, runs)
	if err := o.print(w, in, runs, outcomes); err != nil {
		return err
	}
	if err := o.write(in, runs, outcomes); err != nil {
		return err
	}
	return failure(runs, outcomes)
}

// print prints the verdicts.
func (o *reportOptions) print(w io.Writer, in *report.Input, runs []*report.Run, outcomes []report.Outcome) error {
	if o.json {
		return report.WriteJSON(w, runs, outcomes)
	}
	if len(runs) == 0 { // else each run has them among what isn't known
		for _, damaged := range in.Damaged {
			_, _ = fmt.Fprintln(w, damaged)
		}
	}
	for _, r := range runs {
		r.Print(w, outcomes)
	}
	return nil
}

// write writes what the flags ask for.
func (o *reportOptions) write(in *report.Input, runs []*report.Run, outcomes []report.Outcome) error {
	if o.output != "" {
		err := writeFile(o.output, func(w io.Writer) error { return in.WritePage(w, runs, outcomes) })
		if err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	if o.hgrm == "" {
		return nil
	}
	for name, delays := range report.Distributions(runs) {
		if err := writeFile(filepath.Join(o.hgrm, name+".hgrm"), delays.WriteHGRM); err != nil {
			return fmt.Errorf("--hgrm: %w", err)
		}
	}
	return nil
}

// writeFile writes a file, for everybody, in a directory that it makes if need be.
func writeFile(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // reports are for everybody
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// failure says in one line what makes the exit code 1.
func failure(runs []*report.Run, outcomes []report.Outcome) error {
	if len(runs) == 0 {
		return errext.WithExitCodeIfNone(errors.New("there is no result file that can be used"), 1)
	}
	var failed []string
	for _, r := range runs {
		if result := r.Result(outcomes); result.ExitCode != 0 {
			failed = append(failed, fmt.Sprintf("run %s: %s", r.Name, result))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return errext.WithExitCodeIfNone(errors.New(strings.Join(failed, "; ")), 1)
}
