package apigw

import (
	"strings"
	"sync"
)

// refusals tells why connections are refused, which the answer to a client doesn't say: each
// cause once, and no more causes than maxCauses.
type refusals struct {
	tell func(why string) // nil for nobody

	mu   sync.Mutex
	told map[string]bool
}

// maxCauses bounds what is logged, because a cause may repeat what a client sent.
const maxCauses = 20

// maxCause is how many bytes of a cause are told.
const maxCause = 300

// add tells why a connection was refused. Of a cause with details after a colon, such as two
// dates, the first is told.
func (r *refusals) add(why string) {
	cause, _, _ := strings.Cut(why, ":")
	if r.tell == nil || !r.isNew(cause) {
		return
	}
	r.tell(strings.ToValidUTF8(why[:min(len(why), maxCause)], ""))
}

func (r *refusals) isNew(cause string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.told[cause] || len(r.told) == maxCauses {
		return false
	}
	if r.told == nil {
		r.told = make(map[string]bool)
	}
	r.told[cause] = true
	return true
}
