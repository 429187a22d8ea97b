package result

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"go.k6.io/k6/v2/lib"
)

// Identify returns which process of which run this is. The run is named by PUSHGW_RUN or
// by k6-operator's tag testrun_name; otherwise its name is made of the script's options,
// which all its processes share. Which process it is k6's execution segments say.
func Identify(o *lib.Options, lookupEnv func(string) (string, bool)) Identity {
	id := Identity{Run: runName(o, lookupEnv), Process: 1, Processes: 1}
	tuple, err := lib.NewExecutionTuple(o.ExecutionSegment, o.ExecutionSegmentSequence)
	if err == nil {
		id.Process, id.Processes = tuple.SegmentIndex+1, len(tuple.Sequence.ExecutionSegmentSequence)
	}
	return id
}

func runName(o *lib.Options, lookupEnv func(string) (string, bool)) string {
	if name, _ := lookupEnv("PUSHGW_RUN"); name != "" {
		return name
	}
	if name := o.RunTags["testrun_name"]; name != "" {
		return name
	}
	common := *o
	common.ExecutionSegment, common.ExecutionSegmentSequence = nil, nil
	common.RunTags = nil // k6-operator numbers the processes in them
	text, err := json.Marshal(common)
	if err != nil {
		return "unnamed"
	}
	return fmt.Sprintf("%.4x", sha256.Sum256(text))
}
