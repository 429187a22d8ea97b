// Package report joins the result files of a run's processes and shows them: a verdict in
// text, expectations that are met or not, and a page.
//
// Nothing is averaged: counts are sums, distributions are sums of their buckets, and what
// can't be known because a file or an account is missing is said to be unknown.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Input is what was found in the files that a report is made of.
type Input struct {
	Files []*result.File
	// Damaged says of each file that can't be used what is wrong with it.
	Damaged []string
	torn    map[string]bool // their names
}

// Load reads result files, reports, which hold the files they were made of, and
// directories of both. A file that can't be read is no error, but one of Damaged, because
// the others still tell what they know.
func Load(paths []string) (*Input, error) {
	in := &Input{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		found := []string{path}
		if info.IsDir() {
			if found, err = filepath.Glob(filepath.Join(path, "pushgw-*.json*")); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("%s: there is no result file (pushgw-*.json) in it", path)
			}
		}
		for _, file := range found {
			in.read(file)
		}
	}
	return in, nil
}

// read reads one file.
func (in *Input) read(path string) {
	files, err := parse(path)
	if err != nil {
		if in.torn == nil {
			in.torn = make(map[string]bool)
		}
		in.torn[strings.TrimSuffix(filepath.Base(path), ".part")] = true
		in.Damaged = append(in.Damaged, fmt.Sprintf("%s can't be used: %v", filepath.Base(path), err))
		return
	}
	for _, f := range files {
		in.add(f)
	}
}

// maxFile bounds what is read of a file, which has less than one per cent of that.
const maxFile = 1 << 30

func parse(path string) ([]*result.File, error) {
	if strings.HasSuffix(path, ".part") {
		return nil, errors.New("it was never finished, because its process was killed while it wrote")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, err
	}
	if data, ok := dataOf(text); ok {
		var files []*result.File
		if err := json.Unmarshal(data, &files); err != nil {
			return nil, fmt.Errorf("its data is damaged: %w", err)
		}
		return files, check(files...)
	}
	f := &result.File{}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("it is torn or no result file: %w", err)
	}
	return []*result.File{f}, check(f)
}

// The element of a page that holds its files.
const (
	dataBegin = `<script type="application/json" id="pushgw-data">`
	dataEnd   = `</script>`
)

// dataOf returns the data in a page, and whether the text is a page.
func dataOf(text []byte) ([]byte, bool) {
	_, rest, found := bytes.Cut(text, []byte(dataBegin))
	if !found {
		return nil, false
	}
	data, _, _ := bytes.Cut(rest, []byte(dataEnd))
	return data, true
}

// check returns why files can't be joined with others.
func check(files ...*result.File) error {
	for _, f := range files {
		switch {
		case f == nil || f.Version == 0:
			return errors.New("it is no result file")
		case f.Version != result.Version:
			return fmt.Errorf("it is of version %d, and this reads version %d", f.Version, result.Version)
		case f.Process < 1 || f.Processes < 0 || f.Processes > maxProcesses || f.Processes > 0 && f.Process > f.Processes:
			return fmt.Errorf("it says that it is of process %d of %d", f.Process, f.Processes)
		case f.Intervals.Length < 1 || slices.Contains(f.Intervals.List, nil) || slices.Contains(f.Accounts, nil):
			return errors.New("parts of it are missing")
		}
	}
	return nil
}

const maxProcesses = 10_000

// add adds a file. Of two of one process the one that was written later counts.
func (in *Input) add(f *result.File) {
	for at, known := range in.Files {
		if known.Identity == f.Identity {
			if f.Written.After(known.Written) {
				in.Files[at] = f
			}
			return
		}
	}
	in.Files = append(in.Files, f)
}
