package result

// Conclusion is how k6 ended a test.
type Conclusion struct {
	How How `json:"how"`
	// Text is what k6 says of it. It is empty where all went well.
	Text     string `json:"text,omitempty"`
	ExitCode int    `json:"exitCode"`
}

// How is how a test can end.
type How string

// The ways in which a test ends.
const (
	Completed          How = "completed"
	ThresholdsNotMet   How = "thresholds"       // it was completed, and thresholds aren't met
	MarkedAsFailed     How = "marked as failed" // it was completed, and the script has called test.fail()
	AbortedByThreshold How = "threshold abort"  // one with abortOnFail
	AbortedByScript    How = "script abort"     // test.abort()
	Interrupted        How = "interrupted"      // by a signal, or through k6's REST API
	Failed             How = "failed"           // by an error, such as one of setup()
)

// Aborted reports whether the test was ended before it had done what it was to do.
func (c *Conclusion) Aborted() bool {
	switch c.How {
	case Completed, ThresholdsNotMet, MarkedAsFailed:
		return false
	case AbortedByThreshold, AbortedByScript, Interrupted, Failed:
		return true
	default:
		return c.ExitCode != 0 // one that a later version knows
	}
}
