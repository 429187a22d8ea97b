package telemetry

import "github.com/pushgw/xk6-pushgw/internal/listen"

// explanations say, for what this side finds wrong with what it reads, what that is and
// what to do. Each is logged once. For the gateway's own errors its words are in the
// error that the script gets; violations are logged with the closing that follows.
var explanations = map[string]string{
	listen.DamagedStamp:     "a message has something like a stamp in it that fails its checksum; does the gateway change or cut messages?",
	listen.ForgedStamp:      "a message has a stamp in it that this process never gave out, or that is more than a day old; it counts as nothing",
	listen.Silence:          "the gateway sent nothing for longer than it had announced, so the connection was closed as dead",
	listen.EarlyMessage:     "messages are dropped, because more than 1024 came before the script had its connection",
	listen.StampPatternUnit: "what stampPattern found is more than a day from now; its group must hold milliseconds since 1970, which have 13 digits today",
}

// explain logs what an error of this name means, once.
func (r *Recorder) explain(name string) {
	if text, ok := explanations[name]; ok && r.process.LogOnce(name) {
		r.state.Logger.Warnf("pushgw: %s; only the first such is logged, pushgw_errors{error:%s} counts all", text, name)
	}
}
