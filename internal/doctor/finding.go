package doctor

import "fmt"

// Level is what a finding means for the plan.
type Level uint8

// The levels.
const (
	OK      Level = iota
	Unknown       // it can't be told on this system
	Warn          // it may work, or the numbers will be worse than they could be
	Fail          // it can't work
)

func (l Level) String() string {
	return [...]string{OK: "ok", Unknown: "?", Warn: "warn", Fail: "fail"}[l]
}

// Finding is the outcome of one check.
type Finding struct {
	Level Level
	Check string // what was looked at
	Found string
	// Needed is empty where it goes without saying.
	Needed string
	// Change says how to get what is needed; it isn't said where all is well.
	Change string
}

// String is the finding in one line.
func (f Finding) String() string {
	line := fmt.Sprintf("%-4s  %-15s  %s", f.Level, f.Check, f.Found)
	if f.Needed != "" {
		line += "; needed: " + f.Needed
	}
	if f.Change != "" && f.Level > Unknown {
		line += "; to change: " + f.Change
	}
	return line
}

// unknown is the finding that there is nothing to read, as on systems other than Linux.
func unknown(check string) Finding {
	return Finding{Level: Unknown, Check: check, Found: "can't tell on this system"}
}

// bytes is a size as people say it.
func bytes(n uint64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	default:
		return fmt.Sprintf("%d MB", (n+1e6-1)/1e6)
	}
}
