package apigw

import "fmt"

// handshake is how far a connection's handshake has come; nil when it is complete.
type handshake struct {
	steps, left int   // how many it has, and how many of them aren't complete
	refused     *Step // the step that was refused, which ended it; nil if none was
	// last is as much of the last frame as an error shows, and a byte more if there was
	// more; nil if none came.
	last []byte
}

// pending returns how many steps have yet to be completed.
func (h *handshake) pending() int {
	if h == nil || h.refused != nil {
		return 0
	}
	return h.left
}

// note keeps what an error shows of the frame, as long as the handshake lasts.
func (h *handshake) note(frame []byte) {
	if h.pending() == 0 {
		return
	}
	if frame = frame[:min(len(frame), maxShown+1)]; h.last == nil {
		h.last = make([]byte, 0, len(frame))
	}
	h.last = append(h.last[:0], frame...)
}

// Explain implements dialect.Explainer.
func (s *Session) Explain(err error) error {
	h := s.handshake
	if h == nil {
		return err
	}
	step := h.refused
	if step == nil {
		step = &s.steps[0]
	}
	last := "no frame came"
	if h.last != nil {
		last = "the last frame that came was " + quote(string(h.last), maxShown)
	}
	return fmt.Errorf("step %d of %d, which %s, failed: %w; %s", h.steps-h.left+1, h.steps, step, err, last)
}
