package doctor

import "fmt"

// Level is what a finding means for the plan.
type Level uint8

// The levels.
const (
	OK      Level = iota
	Unknown       // the system doesn't give the value
	Warn          // the run may fail, or its measurements will suffer
	Fail          // the run can't work
)

func (l Level) String() string {
	return [...]string{OK: "ok", Unknown: "?", Warn: "warn", Fail: "fail"}[l]
}

// Finding is the outcome of one check.
type Finding struct {
	Level Level
	Check string // its name
	Found string
	// Needed may be empty.
	Needed string
	// Change is how to get what is needed. It is shown with Warn and Fail only.
	Change string
}

// String returns the finding as one line.
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

// unknown returns the finding of a check whose value can't be read, as on systems other
// than Linux.
func unknown(check string) Finding {
	return Finding{Level: Unknown, Check: check, Found: "can't tell on this system"}
}

// formatBytes returns a size in gigabytes, or in megabytes rounded up.
func formatBytes(n uint64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%d MB", (n+1e6-1)/1e6)
}
