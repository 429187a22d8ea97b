package hostile

// once is a behaviour whose connections get these bytes as soon as they are ready.
func once(p []byte) Behaviour {
	return Behaviour{Ready: func(c *Conn) { _, _ = c.Write(p) }}
}

// MaskedFrame masks its frames, which is the client's part.
func MaskedFrame() Behaviour {
	return once([]byte{fin | OpText, masked | 2, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2})
}

// ReservedBits sets bits that only an extension may set.
func ReservedBits() Behaviour { return once(frame(fin|rsv2|rsv3|OpText, []byte("hi"))) }

// CompressedFrame sets the bit of permessage-deflate, which nobody has agreed on.
func CompressedFrame() Behaviour { return once(frame(fin|rsv1|OpText, deflated(1<<10))) }

// ReservedOpcode sends a frame of a kind that doesn't exist.
func ReservedOpcode(opcode byte) Behaviour { return once(frame(fin|opcode, []byte("hi"))) }

// LongPing sends a ping with more than the 125 bytes that it may have.
func LongPing() Behaviour { return once(frame(fin|OpPing, make([]byte, 126))) }

// FragmentedPing sends a ping in two parts, which it may not be.
func FragmentedPing() Behaviour {
	return once(append(frame(OpPing, []byte("a")), frame(fin|OpContinuation, []byte("b"))...))
}

// StrayContinuation goes on with a message that was never begun.
func StrayContinuation() Behaviour { return once(frame(fin|OpContinuation, []byte("hi"))) }

// NestedMessage begins a message in the midst of another.
func NestedMessage() Behaviour {
	return once(append(frame(OpText, []byte("a")), frame(fin|OpText, []byte("b"))...))
}
