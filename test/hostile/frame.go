package hostile

import (
	"encoding/binary"
	"io"
)

// Opcodes of frames (RFC 6455, section 5.2).
const (
	OpContinuation byte = 0x0
	OpText         byte = 0x1
	OpClose        byte = 0x8
	OpPing         byte = 0x9
	OpPong         byte = 0xA
)

// The bits beside the opcode, and the one beside the length.
const (
	fin    byte = 0x80
	rsv1   byte = 0x40
	rsv2   byte = 0x20
	rsv3   byte = 0x10
	masked byte = 0x80
)

// header is a frame's first bytes, whatever they are good for. The length need not
// be that of what follows.
func header(first byte, length uint64) []byte {
	switch {
	case length < 126:
		return []byte{first, byte(length)}
	case length < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(length))
	default:
		return binary.BigEndian.AppendUint64([]byte{first, 127}, length)
	}
}

// frame is one frame, whose first byte may hold anything.
func frame(first byte, payload []byte) []byte {
	return append(header(first, uint64(len(payload))), payload...)
}

// Frame sends one whole and unmasked frame, as servers do.
func (c *Conn) Frame(opcode byte, payload []byte) { _, _ = c.Write(frame(fin|opcode, payload)) }

// Text sends one text message.
func (c *Conn) Text(text string) { c.Frame(OpText, []byte(text)) }

// ReadFrame reads one frame of the client's and unmasks it.
func (c *Conn) ReadFrame() (opcode byte, payload []byte, err error) {
	var first [2]byte
	if _, err := io.ReadFull(c.in, first[:]); err != nil {
		return 0, nil, err
	}
	length, err := c.readLength(first[1] &^ masked)
	if err != nil {
		return 0, nil, err
	}
	var mask [4]byte
	if first[1]&masked != 0 {
		if _, err := io.ReadFull(c.in, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	payload = make([]byte, length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return 0, nil, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return first[0] & 0xF, payload, nil
}

// maxClientFrame is more than any client of these tests sends.
const maxClientFrame = 1 << 24

func (c *Conn) readLength(short byte) (uint64, error) {
	var long [8]byte
	switch short {
	case 126:
		_, err := io.ReadFull(c.in, long[6:])
		return binary.BigEndian.Uint64(long[:]), err
	case 127:
		_, err := io.ReadFull(c.in, long[:])
		length := binary.BigEndian.Uint64(long[:])
		if length > maxClientFrame {
			return 0, io.ErrUnexpectedEOF
		}
		return length, err
	default:
		return uint64(short), nil
	}
}

// ReadText reads up to the next text message; it is empty if none comes.
func (c *Conn) ReadText() string {
	for {
		opcode, payload, err := c.ReadFrame()
		switch {
		case err != nil, opcode == OpClose:
			c.Cut()
			return ""
		case opcode == OpText:
			return string(payload)
		}
	}
}
