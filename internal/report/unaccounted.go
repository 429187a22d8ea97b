package report

import "github.com/pushgw/xk6-pushgw/internal/result"

// unaccounted is at most how many deliveries no process has told of, on one gateway or, for "",
// on all, and whether that is known: how many broadcasts there were, and how many listeners.
func (r *Run) unaccounted(gateway string) (most int64, known bool) {
	if r.mixed || len(r.Missing) > 0 || r.Connections.NotRecorded > 0 {
		return 0, false
	}
	for _, f := range r.Files {
		for _, a := range f.Accounts {
			if gateway != "" && a.Gateway != gateway {
				continue
			}
			if a.ID == "" || !r.toldAll(a.Origin) {
				return 0, false
			}
			if a.Local {
				most += r.unaccountedOf(a)
			}
		}
	}
	return most, true
}

// NotAccountedFor is how many deliveries of the gateway no process has told of, as text.
func (s *Subject) NotAccountedFor() string {
	switch most, known := s.Run.unaccounted(s.Gateway); {
	case !known:
		return "unknown"
	case most == 0:
		return "0"
	default:
		return "up to " + number(most)
	}
}

// unaccountedOf is that of one publisher's broadcasts. Its listeners were there for all of
// them at most.
func (r *Run) unaccountedOf(sent *result.Account) (most int64) {
	for _, f := range r.Files {
		heard := accountOf(f, sent.Origin)
		if heard == nil {
			heard = &result.Account{}
		}
		if f.State == result.Ended && len(heard.Broadcasts) > 0 && r.unclosed(heard) == 0 {
			continue
		}
		told := int64(0)
		for _, b := range heard.Broadcasts {
			told += b.Expected + b.Missed
		}
		most += max(0, (sent.Planned-sent.Unsent)*mostListenersOn(f.Intervals, sent.Gateway)-told)
	}
	return most
}
