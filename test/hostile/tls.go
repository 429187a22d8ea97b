package hostile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"time"
)

// selfSigned makes a certificate for 127.0.0.1 that nobody knows.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// Beginnings of TLS records (RFC 8446, section 5.1).
const (
	alertRecord     = "\x15\x03\x03"
	handshakeRecord = "\x16\x03\x03"
)

// atHello does f once the client has greeted the server.
func atHello(f func(*Conn)) Behaviour {
	return Behaviour{Accepted: func(c *Conn) {
		if _, err := c.in.ReadByte(); err == nil {
			f(c)
		}
		c.Cut()
	}}
}

// StallTLS never answers the client's greeting.
func StallTLS() Behaviour { return atHello((*Conn).Stall) }

// ResetTLS resets the connection in the middle of the handshake.
func ResetTLS() Behaviour { return atHello((*Conn).Reset) }

// GarbageTLS answers with what is no TLS.
func GarbageTLS() Behaviour {
	return atHello(func(c *Conn) { c.Flood(bytes.Repeat([]byte{0xDE, 0xAD}, 1<<10), 1<<20) })
}

// AlertTLS refuses every client: handshake_failure.
func AlertTLS() Behaviour {
	return atHello(func(c *Conn) { c.Print(alertRecord + "\x00\x02\x02\x28") })
}

// TrickleTLS announces a record, and sends it byte by byte without an end.
func TrickleTLS(pause time.Duration) Behaviour {
	return atHello(func(c *Conn) {
		c.Print(handshakeRecord + "\x40\x00")
		for !c.Ended() {
			c.Print("\x02")
			time.Sleep(pause)
		}
	})
}

// HugeHelloTLS announces a server's greeting of 16 MB, and floods with it.
func HugeHelloTLS(total int) Behaviour {
	return atHello(func(c *Conn) {
		record := append([]byte(handshakeRecord+"\x40\x00"), make([]byte, 1<<14)...)
		copy(record[5:], "\x02\xff\xff\xff")
		c.Flood(record, total)
	})
}
