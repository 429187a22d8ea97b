package hostile

// Interleaved relays broadcasts as it may: in fragments, one of them empty, with pings
// and pongs in between.
func Interleaved() Behaviour {
	return Behaviour{Relayed: func(to *Conn, stamp string) {
		message := []byte(to.Data(stamp))
		half := len(message) / 2
		var b []byte
		b = append(b, frame(OpText, message[:half])...)
		b = append(b, frame(fin|OpPing, []byte("in between"))...)
		b = append(b, frame(OpContinuation, nil)...)
		b = append(b, frame(fin|OpPong, nil)...)
		b = append(b, frame(fin|OpContinuation, message[half:])...)
		_, _ = to.Write(b)
	}}
}

// Bytewise relays broadcasts byte by byte, each in a fragment of its own.
func Bytewise() Behaviour {
	return Behaviour{Relayed: func(to *Conn, stamp string) {
		b := frame(OpText, nil)
		for _, letter := range []byte(to.Data(stamp)) {
			b = append(b, frame(OpContinuation, []byte{letter})...)
		}
		_, _ = to.Write(append(b, frame(fin|OpContinuation, nil)...))
	}}
}
